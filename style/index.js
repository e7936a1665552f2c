import './index.css';
import './datasets.css';
import './compute.css';
import './documents.css';
import './forcedColors.css';
import './detached.css';
import './handshake.css';
