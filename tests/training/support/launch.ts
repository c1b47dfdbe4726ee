/** A service that launches one job, says so and then hangs: run as a process of its own, to be killed. argv: dataDir, request as JSON. */
import { openFilesystem } from '../../../src/store/objects/filesystem.ts';
import { createTraining, type TrainingRequest } from '../../../src/training/index.ts';
import { fakeEngines } from './setup.ts';

const [dataDir, request] = process.argv.slice(2) as [string, string];
const training = createTraining({ objects: openFilesystem(`${dataDir}/objects`), dataDir, log: { info: () => {} }, engines: fakeEngines });
const handle = await training.launch(JSON.parse(request) as TrainingRequest);
process.stdout.write(`${JSON.stringify(handle)}\n`);
setInterval(() => {}, 1_000_000);
