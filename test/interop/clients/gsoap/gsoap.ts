import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program, Toolkit } from '../../toolkit.js';
import { shortWorkflow } from '../../workflow-steps.js';

/** The version of SOAP is chosen when the code is generated; `directory` has that code. */
const versions = [
  { name: 'gSOAP over SOAP 1.1', option: '-1', directory: 'soap11' },
  { name: 'gSOAP over SOAP 1.2', option: '-2', directory: 'soap12' },
];

/** C++ on the proxy that gSOAP generates. */
export const gsoap: Toolkit = {
  name: 'gsoap',
  packages: ['gsoap', 'libgsoap-dev', 'g++'],
  usesProxy: false,
  async prepare(workshop) {
    await workshop.succeed('wsdl2h', '-c++11', '-P', '-o', 'service.h', workshop.wsdl);
    const programs: Program[] = [];
    for (const { name, option, directory } of versions) {
      await mkdir(join(workshop.directory, directory));
      const generate = ['-C', '-L', '-j', '-x', option, '-d', directory, '-I.:/usr/share/gsoap/import'];
      await workshop.succeed('soapcpp2', ...generate, join(import.meta.dirname, 'header.h'));
      const generated = ['soapC.cpp', 'soapsrvSoapProxy.cpp'].map((file) => join(directory, file));
      const executable = join(directory, 'workflow');
      const program = join(import.meta.dirname, 'workflow.cpp');
      await workshop.succeed('g++', `-I${directory}`, program, ...generated, '-o', executable, '-lgsoap++');
      programs.push({ name, steps: shortWorkflow, command: { program: `./${executable}`, arguments: [] } });
    }
    return programs;
  },
};
