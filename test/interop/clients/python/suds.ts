import type { Toolkit } from '../../toolkit.js';
import { shortWorkflow } from '../../workflow-steps.js';
import { pythonCommand } from './python-command.js';

/** Python with suds, which reads the WSDL when it runs. */
export const suds: Toolkit = {
  name: 'suds',
  packages: ['python3-suds'],
  usesProxy: true,
  prepare: () => Promise.resolve([{ name: 'suds', steps: shortWorkflow, command: pythonCommand('suds_client.py') }]),
};
