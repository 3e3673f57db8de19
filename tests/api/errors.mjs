// Each modelled error of each operation, provoked with npm's @aws-sdk/client-sfn by the table of
// errors_table.mjs: its name, status 400, message and further members. What the service's model lists and
// the table does not know fails; so does what the table says cannot be.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Server, Tally } from './client.mjs';
import { rows, unprovoked } from './errors_table.mjs';

const sdk = createRequire(import.meta.url)(process.env.SDK);
const tally = new Tally('errors');
const ROLE = 'arn:aws:iam::123456789012:role/sfn', PREFIX = 'arn:aws:states:us-east-1:123456789012:';
const json = JSON.stringify;
const define = (state) => json({ StartAt: 'S', States: { S: { ...state, End: true } } });
const PASS = define({ Type: 'Pass' }), WAIT = define({ Type: 'Wait', Seconds: 3600 });

function connect(server) {
  const client = new sdk.SFNClient({ endpoint: server.url, region: 'us-east-1', maxAttempts: 1, disableHostPrefix: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' } });
  return (operation, input = {}) => client.send(new sdk[`${operation}Command`](input));
}

// What the rows speak of. Quotas of two are full from the beginning on; each is filled by what stands here.
async function makeWorld(send) {
  let count = 0;
  const create = (more = {}) => ({ name: `m${++count}`, definition: PASS, roleArn: ROLE, ...more });
  const machine = async (more) => {
    const input = create(more);
    return { name: input.name, arn: (await send('CreateStateMachine', input)).stateMachineArn };
  };
  const activity = async (name) => ({ name, arn: (await send('CreateActivity', { name })).activityArn });
  const start = async (m, more) => (await send('StartExecution', { stateMachineArn: m.arn, ...more })).executionArn;
  const ended = async (executionArn) => {
    for (let i = 0; i < 6000; i++) {
      if ((await send('DescribeExecution', { executionArn })).status !== 'RUNNING') return executionArn;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${executionArn} does not end`);
  };
  const w = { send, create, definition: PASS, state: json({ Type: 'Pass', End: true }), noRun: `${PREFIX}mapRun:m/l:x` };
  w.activity = await activity('work');
  w.machine = await machine({ publish: true });
  w.route = (version, weight = 100, m = w.machine) => [{ stateMachineVersionArn: `${m.arn}:${version}`, weight }];
  w.alias = (await send('CreateStateMachineAlias', { name: 'live', routingConfiguration: w.route(1) })).stateMachineAliasArn;
  await send('UpdateStateMachine', { stateMachineArn: w.machine.arn, definition: `${PASS} `, publish: true });
  w.ended = await ended(await start(w.machine, { name: 'ended' }));
  w.express = await machine({ type: 'EXPRESS' });
  const map = await machine({ definition: define({ Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED',
    ExecutionType: 'STANDARD' }, StartAt: 'I', States: { I: { Type: 'Pass', End: true } } } }) });
  const mapped = await ended(await start(map, { input: '[1]' }));
  w.endedRun = (await send('ListMapRuns', { executionArn: mapped })).mapRuns[0].mapRunArn;
  const worker = await machine({ definition: define({ Type: 'Task', Resource: w.activity.arn }) });
  const worked = await start(worker);
  w.usedToken = (await send('GetActivityTask', { activityArn: w.activity.arn })).taskToken;
  await send('SendTaskSuccess', { taskToken: w.usedToken, output: '{}' });
  await ended(worked);
  const waiter = await machine({ definition: WAIT });
  w.stopped = await start(waiter);
  await send('StopExecution', { executionArn: w.stopped });
  w.deleting = await machine({ definition: WAIT, publish: true });
  await send('CreateStateMachineAlias', { name: 'live', routingConfiguration: w.route(1, 100, w.deleting) });
  w.deletingExpress = await machine({ definition: define({ Type: 'Wait', Seconds: 200 }), type: 'EXPRESS' });
  for (const m of [w.deleting, w.deletingExpress]) {
    await start(m);
    await send('DeleteStateMachine', { stateMachineArn: m.arn });
  }
  return w;
}

// The same world with nothing left to give: as many things of each kind as there are.
async function fillUp(w) {
  const { send } = w;
  w.polled = w.activity;
  send('GetActivityTask', { activityArn: w.polled.arn }).catch(() => {});
  send('GetActivityTask', { activityArn: w.polled.arn }).catch(() => {});
  await send('CreateActivity', { name: 'second' });
  await send('CreateStateMachineAlias', { name: 'second', routingConfiguration: w.route(1) });
  // Two calls were sent and answered behind the polls: these are waiting there.
}

const FULL = Symbol('a server whose quotas are used up');
const matches = (given, expected) => (expected instanceof RegExp ? expected.test(given) : given === expected);

async function provoke(worlds, [operation, name, how, message, more = {}]) {
  let input = typeof how === 'function' ? how(worlds.free) : how, world = worlds.free;
  if (input[FULL]) {
    world = worlds.full;
    input = how({ ...world, full: (make) => make() });
  }
  try {
    await world.send(operation, await input);
  } catch (error) {
    const given = json({ name: error.name, status: error.$metadata?.httpStatusCode, message: error.message,
      ...Object.fromEntries(Object.keys(more).map((k) => [k, error[k]])) });
    if (error.name !== name || error.$metadata.httpStatusCode !== 400 || !message.test(error.message) ||
        Object.entries(more).some(([member, text]) => !matches(error[member], text)))
      throw new Error(`${given}, not ${message}`);
    if (!(error instanceof sdk.SFNServiceException)) throw new Error(`${name} is no error of the SDK's`);
    return;
  }
  throw new Error('it is not refused');
}

async function holdAgainstModel() {
  const models = '../shared/aws-models.tar.xz';
  if (!existsSync(models)) {
    tally.skip('the table against the model', `${models} is not there`);
    return;
  }
  const model = JSON.parse(execFileSync('tar', ['-xJOf', models, 'aws-models/stepfunctions.json'], { maxBuffer: 1 << 26 }));
  const modelled = new Set();
  for (const [operation, o] of Object.entries(model.operations))
    for (const { shape } of o.errors ?? []) modelled.add(`${operation} ${shape}`);
  const provoked = new Set(rows.map(([operation, error]) => `${operation} ${error}`));
  const excused = new Set();
  for (const [error, , ...operations] of unprovoked)
    for (const pair of modelled)
      if (pair.endsWith(` ${error}`) && (!operations.length || operations.includes(pair.split(' ')[0]))) excused.add(pair);
  for (const pair of modelled)
    if (provoked.has(pair) !== excused.has(pair)) tally.pass();
    else tally.fail(pair, provoked.has(pair) ? 'the table provokes it, and says that it cannot' : 'the table does not know it');
  for (const pair of provoked) if (!modelled.has(pair)) tally.fail(pair, 'the model does not list it');
  console.log(`${modelled.size} modelled errors: ${provoked.size} provoked, ${excused.size} cannot be`);
}

const quotas = ['activities=2', 'aliases=2', 'executions=1', 'machines=7', 'versions=2', 'workers=2'];
const servers = [await new Server().start(), await new Server().start()];
const worlds = { free: await makeWorld(connect(servers[0])), full: await makeWorld(connect(servers[1])) };
worlds.free.full = () => ({ [FULL]: true });
await servers[1].stop();
servers[1].options = quotas.flatMap((q) => ['--quota', q]);
await servers[1].start();
worlds.full.send = connect(servers[1]);
await fillUp(worlds.full);
for (const row of rows) {
  try {
    await provoke(worlds, row);
    tally.pass();
  } catch (error) {
    tally.fail(`${row[0]} ${row[1]}`, error.message);
  }
}
await holdAgainstModel();
for (const server of servers) {
  const status = await server.close();
  if (status !== 0) tally.fail('the end', `${status}: ${server.errors}`);
}
tally.close();
