/** The version of this front end and its viewers; a test keeps it equal to package.json's. */
export const VERSION = '0.1.0';
