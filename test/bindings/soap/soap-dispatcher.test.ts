import fs from 'node:fs/promises';
import { ArgumentIntake } from '../../../src/bindings/payload/argument-intake.js';
import { UnreadableMessage } from '../../../src/bindings/payload/argument-receiver.js';
import { BufferPool } from '../../../src/bindings/payload/buffer-pool.js';
import { MemoryBudget } from '../../../src/bindings/payload/memory-budget.js';
import { SoapDispatcher } from '../../../src/bindings/soap/soap-dispatcher.js';
import { SOAP_11, SOAP_12 } from '../../../src/bindings/soap/soap-version.js';
import { OperationContract } from '../../../src/contract/contract.js';
import { loadContract } from '../../../src/contract/wsdl-reader.js';
import type { Operations } from '../../../src/operations/operation.js';
import { OperationRunner } from '../../../src/operations/operation-runner.js';
import { Spool } from '../../../src/storage/spool.js';
import { scratchDirectory } from '../../support/scratch-directory.js';

let directory: string;

beforeEach(() => {
  directory = scratchDirectory();
});

afterEach(() => fs.rm(directory, { recursive: true }));

const contract = loadContract();
const operation = contract.operations.get('UploadDocument');
if (!operation) throw new Error('The contract has no UploadDocument.');

const runner = new OperationRunner({} as Operations, (error) => {
  throw error;
});

const intakeFor = (called: OperationContract): ArgumentIntake =>
  new ArgumentIntake(called, runner, {
    call: { address: '' },
    spool: new Spool(directory),
    buffers: new BufferPool(new MemoryBudget(1024), 1024),
    duplicates: 'first',
  });

test.each([SOAP_11, SOAP_12])('What is wrong with the content ends the call as what it is: $name', async (version) => {
  const intake = intakeFor(operation);
  intake.text('fileContent', '300');
  intake.text('fileContent', '300');
  const dispatcher = await SoapDispatcher.create(contract, runner);
  await expect(dispatcher.dispatch(intake, version)).rejects.toThrow(UnreadableMessage);
});

test.each([SOAP_11, SOAP_12])('A fault of node-soap’s own is told with its reason: $name', async (version) => {
  const { documentation, name, parameters, result } = operation;
  const none = new OperationContract({ documentation, name, parameters, result, soapAction: 'of no operation' });
  const intake = intakeFor(none);
  const dispatcher = await SoapDispatcher.create(contract, runner);
  const told =
    /<soap:Fault><soap:Code>.+InternalServerError.+<\/soap:Code><soap:Reason><soap:Text>TypeError: .+<\/soap:Fault>/;
  /* Nothing of the first one is kept for the second. */
  await expect(dispatcher.dispatch(intake, version)).rejects.toThrow(told);
  await expect(dispatcher.dispatch(intake, version)).rejects.toThrow(told);
});
