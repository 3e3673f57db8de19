// AWS's recorded TestState answers against the server's (recordings: ../shared/conformance/histories,
// group test_state), compared by compare.mjs; floors stand in tests/conformance/floors.txt. Calls without
// a mock are really made: to a Lambda of our own that gives the recorded payload.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { REGION, Server, Tally } from './client.mjs';
import { judge } from './compare.mjs';

const ROOT = '../shared/conformance/histories/test_state';
const FLOORS = 'tests/conformance/floors.txt';
// Recorded when a function's memory ended at 10,240 MB; the service model since says 32,768.
const MOVED_ON = /lambda_get_function_task_integer_more_than_maximum/;
const tally = new Tally('test_state');
const verbose = process.argv.includes('-v');

// ---- a Lambda whose answer is the recorded one, header by header ----

function recordedPayload(recording) {
  const seen = Object.values(recording.expected)[0].inspectionData?.result;
  if (seen === undefined) return undefined;
  return typeof seen === 'string' ? seen : JSON.stringify(seen.Payload);
}

const lambda = createServer((socket) => socket.on('data', () => {
  const body = lambda.payload;
  socket.write(['HTTP/1.1 200 OK', 'X-Amz-Executed-Version: $LATEST', 'x-amzn-Remapped-Content-Length: 0',
    'Connection: keep-alive', 'x-amzn-RequestId: 1f2e', `Content-Length: ${body.length}`,
    'Date: Wed, 10 Dec 2025 00:28:08 GMT', 'X-Amzn-Trace-Id: Root=1', 'Content-Type: application/json',
    '', body].join('\r\n'));
}).on('error', () => {}));
await new Promise((resolve) => lambda.listen(0, '127.0.0.1', resolve));

// ---- playing ----

async function play(server, recording) {
  const marks = new Map([['<partition>', 'aws'], ['<region>', REGION]]);
  const names = Object.keys(recording.expected);
  lambda.payload = recordedPayload(recording);
  for (const [i, call] of recording.directCalls.entries()) {
    const { operation, definition, ...rest } = call;
    const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
    const answer = await server.call(operation, { ...rest, definition: text });
    const why = judge(recording.expected[names[i]], answer, undefined, marks, []);
    if (why) return `${names[i]}: ${why}`;
  }
  return recording.directCalls.length === names.length ? '' : 'calls and answers are not as many';
}

function checkFloors(passed) {
  for (const line of readFileSync(FLOORS, 'utf8').split('\n')) {
    const [name, floor] = line.split(' ');
    const group = name.startsWith('test_state/') && name.slice('test_state/'.length);
    if (group && (passed[group] ?? 0) < Number(floor))
      tally.fail(group, `${passed[group] ?? 0} passed, the floor is ${floor}`);
  }
}

async function run() {
  const passed = {};
  const server = await new Server(['--route', `lambda=http://127.0.0.1:${lambda.address().port}`]).start();
  for (const group of readdirSync(ROOT).sort()) {
    passed[group] = 0;
    for (const file of readdirSync(join(ROOT, group)).sort()) {
      const why = await play(server, JSON.parse(readFileSync(join(ROOT, group, file))));
      if (!why) passed[group]++;
      if (why && MOVED_ON.test(file)) tally.skip(file, 'the service model has moved on since');
      else if (why) tally.fail(`${group}/${file}`, why);
      else tally.pass();
    }
    if (verbose) console.log(`${group}: ${passed[group]}`);
  }
  const status = await server.close();
  if (status !== 0) tally.fail('the server', `ended with ${status}: ${server.errors}`);
  checkFloors(passed);
}

if (existsSync(ROOT)) await run();
else tally.skip('all', `${ROOT} is not there`);
lambda.close();
tally.close();
