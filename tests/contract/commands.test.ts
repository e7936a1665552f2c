import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { type Environment, installCommand } from '../../src/core/environment';
import { PROTOCOL } from '../../src/core/protocol';
import { FACTS } from '../../src/lab/handshake/learning';

interface Golden {
  environment: Environment;
  commands: { extras: string[]; version: string; command: string }[];
}

const golden = JSON.parse(
  readFileSync(join(__dirname, 'golden', 'commands.json'), 'utf8')
) as Golden[];

const root = join(__dirname, '../..');
const environment = readFileSync(join(root, 'kernel/astrodata_kernel/environment.py'), 'utf8');

/** What Python prints, run as a kernel would. */
const printed = (code: string): string =>
  execFileSync('python3', ['-c', code], { encoding: 'utf8', cwd: join(root, 'kernel') });

describe('the command that installs this package', () => {
  it.each(golden.map(one => [one.environment.python, one] as const))(
    'is the same in the browser as in Python, for %s',
    (_, one) => {
      const made = one.commands.map(({ extras, version }) =>
        installCommand(one.environment, extras, version)
      );
      expect(made).toEqual(one.commands.map(({ command }) => command));
    }
  );

  it('reaches the interpreter as one word, whatever its folder is called', () => {
    const odd = golden.find(one => one.environment.python.includes('$HOME'))!.environment;
    const said = execFileSync('sh', [
      '-c',
      `printf '%s\\n' ${installCommand(odd, ['kernel'], '1')}`
    ]);
    expect(said.toString().split('\n').slice(0, -1)).toEqual([
      odd.python,
      '-m',
      'pip',
      'install',
      'astrodata-lab[kernel]==1'
    ]);
  });
});

describe('the two halves', () => {
  it('have one number of the protocol', () => {
    expect(/^PROTOCOL = (\d+)$/m.exec(environment)?.[1]).toBe(String(PROTOCOL));
  });

  it('say the same of an environment, with the toolkit and without', () => {
    // The file itself: its package is not what is tested, and a kernel without it has only the expression.
    const own =
      'import sys, types, json, dataclasses, importlib.util as u\n' +
      'sys.modules["astrodata_kernel"] = types.ModuleType("astrodata_kernel")\n' +
      'sys.modules["astrodata_kernel"].__path__ = ["astrodata_kernel"]\n' +
      'from astrodata_kernel.environment import environment\n' +
      'print(json.dumps(dataclasses.asdict(environment())))';
    const facts = JSON.parse(printed(FACTS)) as Environment;
    expect(facts).toEqual(JSON.parse(printed(own)));
    expect(facts.python).toMatch(/^\//);
  });

  it('leave nothing behind in a kernel that is asked', () => {
    const names = `before = set(globals()) | {"before"}\n${FACTS}\nprint(sorted(set(globals()) - before))`;
    expect(printed(names).trim().split('\n').at(-1)).toBe('[]');
  });
});
