import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program, Toolkit, Workshop } from '../../toolkit.js';
import { wholeWorkflow } from '../../workflow-steps.js';

const protocols = [
  { name: 'C# over SOAP 1.1', protocol: 'SOAP', proxy: 'SoapProxy.cs', define: [] },
  { name: 'C# over SOAP 1.2', protocol: 'SOAP12', proxy: 'SoapProxy.cs', define: [] },
  { name: 'C# over GET', protocol: 'HttpGet', proxy: 'HttpProxy.cs', define: ['-define:GET'] },
  { name: 'C# over POST', protocol: 'HttpPost', proxy: 'HttpProxy.cs', define: [] },
] as const;

/** C# on the proxies that `wsdl.exe` generates, one for each of its four protocols. */
export const mono: Toolkit = {
  name: 'mono',
  packages: ['mono-devel', 'mono-mcs'],
  usesProxy: true,
  async prepare(workshop) {
    const programs: Program[] = [];
    for (const { name, protocol, proxy, define } of protocols) {
      await generate(protocol, workshop);
      const executable = `${protocol}.exe`;
      const references = ['-r:System.Web.Services', '-r:System.Xml', '-r:System.EnterpriseServices'];
      const sources = ['Workflow.cs', proxy].map((file) => join(import.meta.dirname, file));
      await workshop.succeed(
        'mcs',
        '-nologo',
        ...define,
        `-out:${executable}`,
        ...references,
        ...sources,
        `${protocol}.cs`,
      );
      programs.push({ name, steps: wholeWorkflow, command: { program: 'mono', arguments: [executable] } });
    }
    return programs;
  },
};

async function generate(protocol: string, { directory, wsdl, report, succeed }: Workshop): Promise<void> {
  const stub = `${protocol}.cs`;
  await report.check(`wsdl.exe reads the WSDL without a warning for ${protocol}`, async () => {
    const said = await succeed('wsdl', '/nologo', `/protocol:${protocol}`, '/namespace:Stubs', `/out:${stub}`, wsdl);
    if (said.trim() !== `Writing file '${stub}'`) throw new Error(said);
    // It notes an operation it cannot use in the code, too.
    const code = await readFile(join(directory, stub), 'utf8');
    if (code.includes('CODEGEN')) throw new Error('there are notes in the code');
  });
}
