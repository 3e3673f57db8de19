// 64 clients for some seconds: starts, stops, workers, long polls that are torn off, updates and
// deletions meanwhile, and one kill -9 in the middle. Afterwards every acknowledged start is there
// exactly once and has ended, every acknowledged stop was obeyed, and the server ends cleanly.
import { request } from 'node:http';
import { Server, sleep, Tally } from './client.mjs';

const tally = new Tally('stress');
const SECONDS = Number(process.env.STRESS_SECONDS ?? 6), CLIENTS = 64;
const PREFIX = 'arn:aws:states:us-east-1:123456789012:';
const ROLE = 'arn:aws:iam::123456789012:role/r';
const define = (states) => JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
const machines = {
  quick: define({ P: { Type: 'Pass', Next: 'Q' }, Q: { Type: 'Pass', End: true } }),
  waits: define({ W: { Type: 'Wait', Seconds: 1, End: true } }),
  works: define({ A: { Type: 'Task', Resource: `${PREFIX}activity:work`, TimeoutSeconds: 3, End: true } }),
};
const server = await new Server().start();
const started = new Map(), stopped = new Set(), wrong = [];
let stop = false, names = 0, calls = 0;

// A call that may meet the kill: then its outcome is unknown, and null.
async function call(operation, parameters) {
  try {
    const answer = await server.call(operation, parameters);
    calls++;
    if (answer.status >= 500 && !stop) wrong.push(`${operation}: ${answer.status}`);
    return answer;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return null;
  }
}

const tornPoll = () => new Promise((resolve) => {
  const r = request({ host: '127.0.0.1', port: server.port, method: 'POST', path: '/', headers: {
    'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AWSStepFunctions.GetActivityTask' } });
  r.on('error', resolve);
  r.on('close', resolve);
  r.end(JSON.stringify({ activityArn: `${PREFIX}activity:idle` }));
  setTimeout(() => r.destroy(), Math.random() * 40);
});

const acts = [
  async () => {
    const machine = Object.keys(machines)[Math.floor(Math.random() * 3)], name = `e${names++}`;
    const answer = await call('StartExecution', { stateMachineArn: `${PREFIX}stateMachine:${machine}`, name });
    if (answer?.status === 200) started.set(answer.body.executionArn, machine);
    else if (answer) wrong.push(JSON.stringify(answer.body));
  },
  async () => {
    const task = await call('GetActivityTask', { activityArn: `${PREFIX}activity:work`, workerName: 'w' });
    if (task?.body.taskToken)
      await call(Math.random() < 0.5 ? 'SendTaskSuccess' : 'SendTaskFailure',
        { taskToken: task.body.taskToken, output: '1' });
  },
  async () => {
    const arns = [...started].filter(([, machine]) => machine === 'waits');
    const [executionArn] = arns[arns.length - 1] ?? [];
    if (executionArn && (await call('StopExecution', { executionArn }))?.status === 200) stopped.add(executionArn);
  },
  async () => call('ListExecutions', { stateMachineArn: `${PREFIX}stateMachine:quick`, maxResults: 20 }),
  async () => {
    const name = `t${Math.floor(Math.random() * 4)}`;
    await call('CreateStateMachine', { name, definition: machines.quick, roleArn: ROLE, publish: true });
    await call('UpdateStateMachine', { stateMachineArn: `${PREFIX}stateMachine:${name}`,
      definition: machines.quick + ' '.repeat(Math.floor(Math.random() * 5)), publish: true });
    await call('DescribeStateMachine', { stateMachineArn: `${PREFIX}stateMachine:${name}` });
    if (Math.random() < 0.3) await call('DeleteStateMachine', { stateMachineArn: `${PREFIX}stateMachine:${name}` });
  },
  tornPoll,
];

await server.call('CreateActivity', { name: 'work' });
await server.call('CreateActivity', { name: 'idle' });
for (const [name, definition] of Object.entries(machines))
  await server.call('CreateStateMachine', { name, definition, roleArn: ROLE });
const clients = Array.from({ length: CLIENTS }, async (_, i) => {
  while (!stop) await acts[i % 8 < 3 ? 0 : (i + Math.floor(Math.random() * 6)) % 6]();
});
await sleep(SECONDS * 500);
await server.stop('SIGKILL');
await server.start();
await sleep(SECONDS * 500);
stop = true;
const let_go = setInterval(() => call('StartExecution', { stateMachineArn: `${PREFIX}stateMachine:works` }), 20);
await Promise.all(clients); // workers still poll until a task or their minute ends
clearInterval(let_go);

async function statusOf(executionArn) {
  for (let i = 0; i < 2000; i++) {
    const { body } = await server.call('DescribeExecution', { executionArn });
    if (body.status !== 'RUNNING') return body.status ?? body.__type;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return 'RUNNING';
}

for (const [arn, machine] of started) {
  const status = await statusOf(arn);
  const fine = { quick: ['SUCCEEDED'], waits: ['SUCCEEDED', 'ABORTED'], works: ['SUCCEEDED', 'FAILED'] }[machine];
  if (!fine.includes(status)) wrong.push(`${arn}: ${status}`);
}
console.log(`${calls} calls, ${started.size} starts and ${stopped.size} stops acknowledged`);
if (wrong.length) tally.fail('answers', wrong.slice(0, 5).join('\n'));
else tally.pass();
const status = await server.close();
if (status === 0) tally.pass();
else tally.fail('the end', `${status}: ${server.errors}`);
tally.close();
