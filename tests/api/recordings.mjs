// AWS's own answers against ours, call by call (recordings: ../shared/conformance/histories, groups
// test_sfn_api*). Strict but for the recorder's marks, and for members that AWS added after a
// recording was made (NEWER): those may be there where the recording has none.
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { REGION, Server, Tally } from './client.mjs';
import { differs } from './compare.mjs';
import { steps } from './recordings_steps.mjs';

const ROOT = '../shared/conformance/histories';
const CLIENT_SIDE = 'Parameter validation failed'; // botocore refused it: AWS was never asked
const tally = new Tally('recordings');

function judge(expected, answer, part, marks, definitions) {
  if (typeof expected === 'string' || expected.exception_value?.startsWith(CLIENT_SIDE))
    return answer.status === 400 ? '' : `should be refused, got ${JSON.stringify(answer.body)}`;
  const { ResponseMetadata, Error: error, message, ...members } = expected;
  const raised = /^An error occurred \((\w+)\) when calling the \w+ operation: (.*)$/s
    .exec(expected.exception_value ?? '');
  if (error || raised) {
    const [type, text] = error ? [error.Code, error.Message] : [raised[1], raised[2]];
    if (answer.status !== 400 || answer.body.__type !== type)
      return `expected ${type}, got ${JSON.stringify(answer.body)}`;
    return differs(text, answer.body.message, marks, 'message');
  }
  if (answer.status !== 200) return `got ${answer.status} ${JSON.stringify(answer.body)}`;
  const wanted = Array.isArray(expected) ? expected : members;
  if (wanted.definition) { // the very text that was given, not the recorder's rendering of it
    if (!definitions.includes(answer.body.definition)) return `definition: got ${answer.body.definition}`;
    delete wanted.definition;
    delete answer.body.definition;
  }
  return differs(wanted, part ? answer.body[part] : answer.body, marks);
}

// ---- playing ----

async function play(server, recording, script) {
  const marks = new Map([['<partition>', 'aws'], ['<region>', REGION]]);
  const seen = { m: (i) => recording.stateMachines[i], direct: (i) => recording.directCalls[i] };
  const definitions = (recording.stateMachines ?? []).map((m) => m.definition);
  for (const [operation, parameters, as, keep, until, part] of script) {
    const name = typeof operation === 'function' ? operation(seen) : operation;
    let answer = await server.call(name, parameters(seen));
    for (let i = 0; until && !until(answer) && i < 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      answer = await server.call(name, parameters(seen));
    }
    const why = as ? judge(recording.expected[as], answer, part, marks, definitions)
      : answer.status === 200 ? '' : JSON.stringify(answer.body);
    if (why) return `${name} (${as ?? 'no answer recorded'}): ${why}`;
    if (keep) seen[keep] = answer.body;
  }
  return '';
}

function scriptOf(group, file) {
  const test = file.replace(/^[^-]*-/, '');
  const key = Object.keys(steps[group] ?? {}).find((name) => test.startsWith(name));
  return key && steps[group][key];
}

async function run() {
  for (const group of readdirSync(ROOT).filter((g) => g.startsWith('test_sfn_api')).sort()) {
    for (const file of readdirSync(join(ROOT, group)).sort()) {
      const script = scriptOf(`${group}/`, file);
      if (!script) {
        tally.skip(`${group}/${file}`, 'it wants a distributed Map over S3');
        continue;
      }
      const server = await new Server().start();
      const why = await play(server, JSON.parse(readFileSync(join(ROOT, group, file))), script);
      if (why) tally.fail(`${group}/${file}`, why);
      else tally.pass();
      const status = await server.close();
      if (status !== 0) tally.fail(`${group}/${file}`, `the server ended with ${status}: ${server.errors}`);
    }
  }
}

if (existsSync(ROOT)) await run();
else tally.skip('all', `${ROOT} is not there`);
tally.close();
