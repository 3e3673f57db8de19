// node peer_tests.mjs FILE COUNT new|shared: COUNT small tests of the machine in a test file through
// aws-local-stepfunctions, with its overrides for tasks, waits and retries; a machine a test, as its
// readme shows, or one for all. Prints tests per second.
import { readFileSync } from 'node:fs';
// The package asks for Node 22.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};
const { StateMachine } = await import('aws-local-stepfunctions');
const [file, count, way] = process.argv.slice(2);
const { definition } = JSON.parse(readFileSync(file, 'utf8'));
const shared = new StateMachine(definition);

async function test(id) {
  const machine = way === 'shared' ? shared : new StateMachine(definition);
  const total = id % 2 ? 200 : 50;
  let calls = 0;
  const Get = async () => {
    if (calls++ === 0) throw Object.assign(new Error('busy'), { name: 'Busy' });
    return { total };
  };
  const overrides = {
    taskResourceLocalHandlers: { Get },
    waitTimeOverrides: { Wait: 0 },
    retryIntervalOverrides: { Get: 0 },
  };
  const result = await machine.run({ id }, { overrides }).result;
  if (result.id !== id || result.total !== total) throw new Error(`test ${id} came to ${JSON.stringify(result)}`);
}
await test(0); // warm
const began = process.hrtime.bigint();
for (let id = 0; id < Number(count); id++) await test(id);
console.log(Number(count) / (Number(process.hrtime.bigint() - began) / 1e9));
