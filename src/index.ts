import commands from './lab/commands';
import documents from './lab/documents/plugin';
import dragToTab from './lab/dragToTab';
import firstStart from './lab/firstStart';
import panel from './lab/panel/plugin';

export default [panel, commands, documents, dragToTab, firstStart];
