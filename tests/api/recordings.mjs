// AWS's own answers against ours, call by call (recordings: ../shared/conformance/histories, groups
// test_sfn_api*). Strict but for the recorder's marks, and for members that AWS added after a
// recording was made (NEWER): those may be there where the recording has none.
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { REGION, Server, Tally } from './client.mjs';
import { judge } from './compare.mjs';
import { steps } from './recordings_steps.mjs';

const ROOT = '../shared/conformance/histories';
const tally = new Tally('recordings');

// ---- playing ----

async function play(server, recording, script) {
  const marks = new Map([['<partition>', 'aws'], ['<region>', REGION]]);
  const seen = { m: (i) => recording.stateMachines[i], direct: (i) => recording.directCalls[i] };
  const definitions = (recording.stateMachines ?? []).map((m) => m.definition);
  for (const [operation, parameters, as, keep, until, part] of script) {
    const name = typeof operation === 'function' ? operation(seen) : operation;
    let answer = await server.call(name, parameters(seen));
    for (let i = 0; until && !until(answer) && i < 6000; i++) {
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
