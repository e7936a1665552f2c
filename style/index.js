import './index.css';
import './datasets.css';
import './compute.css';
import './documents.css';
