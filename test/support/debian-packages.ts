import { run, succeed } from './command.js';

/**
 * Installs what is missing of these packages, when this process may; else throws and names them. Recommended packages are
 * left out: the toolkits do not need them. Gives the names, all of which are installed now.
 */
export async function requirePackages(names: readonly string[]): Promise<readonly string[]> {
  const missing = await missingPackages(names);
  if (missing.length > 0) await install(missing);
  return names;
}

async function install(missing: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error(`these Debian packages are not installed: ${missing.join(' ')}`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const command = {
    program: 'apt-get',
    arguments: ['install', '-y', '--no-install-recommends', ...missing],
    environment,
  };
  if ((await run(command, 900)).status === 0) return;
  // A fresh machine has no package lists, or has old ones.
  await succeed({ program: 'apt-get', arguments: ['update'] }, 900);
  await succeed(command, 900);
}

async function missingPackages(names: readonly string[]): Promise<string[]> {
  const query = { program: 'dpkg-query', arguments: ['-W', '-f', '${Package} ${Status}\n', ...names] };
  const installed = new Set(
    (await run(query)).output
      .split('\n')
      .filter((line) => line.endsWith(' install ok installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}
