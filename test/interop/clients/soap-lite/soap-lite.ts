import { join } from 'node:path';
import type { Toolkit } from '../../toolkit.js';
import { shortWorkflow } from '../../workflow-steps.js';

const program = join(import.meta.dirname, 'workflow.pl');

/** Perl's SOAP::Lite, which reads the WSDL when it runs, and sends what no schema has: types, and arguments in no namespace. */
export const soapLite: Toolkit = {
  name: 'soap-lite',
  packages: ['perl', 'libsoap-lite-perl'],
  usesProxy: false,
  prepare: () =>
    Promise.resolve(
      [
        { name: 'SOAP Lite over SOAP 1.1', binding: 'soap11' },
        { name: 'SOAP Lite over SOAP 1.2', binding: 'soap12' },
      ].map(({ name, binding }) => ({
        name,
        steps: shortWorkflow,
        command: { program: '/usr/bin/perl', arguments: [program], environment: { INTEROP_BINDING: binding } },
      })),
    ),
};
