import commands from './lab/commands';
import detach from './lab/detach';
import documents from './lab/documents/plugin';
import dragToTab from './lab/dragToTab';
import firstStart from './lab/firstStart';
import handshake from './lab/handshake/plugin';
import launcher from './lab/launcher';
import panel from './lab/panel/plugin';

export default [panel, commands, detach, documents, dragToTab, firstStart, handshake, launcher];
