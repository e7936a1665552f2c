import commands from './lab/commands';
import panel from './lab/panel/plugin';

export default [panel, commands];
