/**
 * What a person types or pastes for a dataset: a path of the server, or an address elsewhere.
 */

/** Lines of a text that are looked at. */
const MAX_LINES = 100;

/** The paths and addresses of a text, one a line, as they are or in quotation marks. */
export function placesIn(text: string): { paths: string[]; addresses: string[] } {
  const lines = text
    .split(/[\r\n]+/, MAX_LINES)
    .map(line => line.trim().replace(/^(["'])(.*)\1$/, '$2'))
    .filter(line => line !== '');
  return {
    paths: lines.filter(line => !isAddress(line)),
    addresses: lines.filter(isAddress)
  };
}

/**
 * Whether an address holds what lets one in: a cell would keep it, for all who get the notebook.
 *
 * The names are those of astrodata_kernel/readers/addresses.py.
 */
export function holdsSecret(address: string): boolean {
  try {
    const { username, password, searchParams } = new URL(address);
    return username !== '' || password !== '' || [...searchParams.keys()].some(isSecret);
  } catch {
    return false;
  }
}

/** Whether it is an address and not a path; a Windows drive is a path. */
function isAddress(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(text);
}

function isSecret(name: string): boolean {
  return /sig$|sign|token|secret|passw|pwd|auth|cred|session|(api|access|private)[-_]?key|^key|awsaccess/i.test(
    name
  );
}
