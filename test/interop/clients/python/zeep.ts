import type { Toolkit } from '../../toolkit.js';
import { shortWorkflow } from '../../workflow-steps.js';
import { pythonCommand } from './python-command.js';

/** Python with zeep, which reads the WSDL when it runs. */
export const zeep: Toolkit = {
  name: 'zeep',
  packages: ['python3-zeep'],
  usesProxy: true,
  prepare: () =>
    Promise.resolve(
      [
        { name: 'zeep over SOAP 1.1', binding: 'srvSoap' },
        { name: 'zeep over SOAP 1.2', binding: 'srvSoap12' },
      ].map(({ name, binding }) => ({
        name,
        steps: shortWorkflow,
        command: pythonCommand('zeep_client.py', { INTEROP_BINDING: binding }),
      })),
    ),
};
