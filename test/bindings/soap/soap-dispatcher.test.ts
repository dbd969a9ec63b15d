import fs from 'node:fs/promises';
import { ArgumentIntake } from '../../../src/bindings/payload/argument-intake.js';
import { UnreadableMessage } from '../../../src/bindings/payload/argument-receiver.js';
import { BufferPool } from '../../../src/bindings/payload/buffer-pool.js';
import { MemoryBudget } from '../../../src/bindings/payload/memory-budget.js';
import { SoapDispatcher } from '../../../src/bindings/soap/soap-dispatcher.js';
import { SOAP_11, SOAP_12 } from '../../../src/bindings/soap/soap-version.js';
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

test.each([SOAP_11, SOAP_12])('What is wrong with the content ends the call as what it is: $name', async (version) => {
  const contract = loadContract();
  const operation = contract.operations.get('UploadDocument');
  if (!operation) throw new Error('The contract has no UploadDocument.');
  const runner = new OperationRunner({} as Operations, (error) => {
    throw error;
  });
  const intake = new ArgumentIntake(operation, runner, {
    call: { address: '' },
    spool: new Spool(directory),
    buffers: new BufferPool(new MemoryBudget(1024), 1024),
    duplicates: 'first',
  });
  intake.text('fileContent', '300');
  intake.text('fileContent', '300');
  const dispatcher = await SoapDispatcher.create(contract, runner);
  await expect(dispatcher.dispatch(intake, version)).rejects.toThrow(UnreadableMessage);
});
