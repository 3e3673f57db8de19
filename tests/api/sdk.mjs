// @aws-sdk/client-sfn against `stepwell serve`: every operation, its modelled errors where they can be
// provoked, a worker and a callback across a kill -9, and that nothing but the API's own is served.
import { createRequire } from 'node:module';
import { Server, Tally } from './client.mjs';

const sdk = createRequire(import.meta.url)(process.env.SDK);
const tally = new Tally('sdk');
const used = new Set();
const ROLE = 'arn:aws:iam::123456789012:role/sfn', PREFIX = 'arn:aws:states:us-east-1:123456789012:';
const define = (states, more = {}) =>
  JSON.stringify({ StartAt: Object.keys(states)[0], States: states, ...more });
const PASS = define({ P: { Type: 'Pass', Result: { x: 1 }, End: true } });
const activityTask = (arn, more = {}) => define({ A: { Type: 'Task', Resource: arn, End: true, ...more } });

const server = await new Server().start();
const connect = () => new sdk.SFNClient({
  endpoint: server.url, region: 'us-east-1', maxAttempts: 1, disableHostPrefix: true,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
});
let client = connect();

function send(operation, input = {}) {
  used.add(operation);
  return client.send(new sdk[`${operation}Command`](input));
}

function check(fine, why) {
  if (!fine) throw new Error(why);
}
const show = (v) => JSON.stringify(v);
const is = (given, expected) => check(show(given) === show(expected), `${show(given)}, not ${show(expected)}`);

async function refuses(name, operation, input, message) {
  try {
    await send(operation, input);
  } catch (error) {
    check(error.name === name, `${operation}: ${error.name} (${error.message}), not ${name}`);
    if (message) is(error.message, message);
    return;
  }
  throw new Error(`${operation} should be refused with ${name}`);
}

async function test(name, body) {
  try {
    await body();
    tally.pass();
  } catch (error) {
    tally.fail(name, error.stack ?? error);
  }
}

async function until(executionArn, status = 'SUCCEEDED') {
  for (let i = 0; i < 6000; i++) {
    const d = await send('DescribeExecution', { executionArn });
    if (d.status === status) return d;
    check(d.status === 'RUNNING', `${d.status}: ${d.error} ${d.cause}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${executionArn} does not become ${status}`);
}

let count = 0;
async function machine(definition, more = {}) {
  const name = `m${++count}`;
  const m = await send('CreateStateMachine', { name, definition, roleArn: ROLE, ...more });
  return { name, arn: m.stateMachineArn, ...m };
}
const start = async (m, more = {}) =>
  (await send('StartExecution', { stateMachineArn: m.arn, ...more })).executionArn;

await test('machines', async () => {
  const m = await machine(PASS, { tags: [{ key: 'k', value: 'v' }] });
  const d = await send('DescribeStateMachine', { stateMachineArn: m.arn });
  is([d.name, d.status, d.type, d.definition], [m.name, 'ACTIVE', 'STANDARD', PASS]);
  check(d.creationDate instanceof Date && Math.abs(d.creationDate - Date.now()) < 60000, 'creationDate');
  await refuses('StateMachineAlreadyExists', 'CreateStateMachine',
    { name: m.name, definition: `${PASS} `, roleArn: ROLE }, `State Machine Already Exists: '${m.arn}'`);
  await refuses('InvalidName', 'CreateStateMachine', { name: 'a b', definition: PASS, roleArn: ROLE });
  await refuses('InvalidDefinition', 'CreateStateMachine', { name: 'x', definition: '{}', roleArn: ROLE });
  await refuses('InvalidArn', 'CreateStateMachine', { name: 'x', definition: PASS, roleArn: 'nobody' });
  await refuses('InvalidEncryptionConfiguration', 'CreateStateMachine', { name: 'x', definition: PASS,
    roleArn: ROLE, encryptionConfiguration: { type: 'CUSTOMER_MANAGED_KMS_KEY' } });
  await refuses('InvalidArn', 'DescribeStateMachine', { stateMachineArn: 'no arn' });
  await refuses('StateMachineDoesNotExist', 'DescribeStateMachine', { stateMachineArn: `${m.arn}x` });
  await refuses('MissingRequiredParameter', 'UpdateStateMachine', { stateMachineArn: m.arn });
  const u = await send('UpdateStateMachine', { stateMachineArn: m.arn, definition: `${PASS} ` });
  check(u.revisionId, 'an update makes a revision');
  const list = await send('ListStateMachines', { maxResults: 1 });
  is(list.stateMachines.length, 1);
  await refuses('InvalidToken', 'ListStateMachines', { nextToken: 'x' }, "Invalid Token: 'Invalid token'");
  await refuses('ValidationException', 'ListStateMachines', { maxResults: 1001 });
  is((await send('ListTagsForResource', { resourceArn: m.arn })).tags, [{ key: 'k', value: 'v' }]);
  await send('TagResource', { resourceArn: m.arn, tags: [{ key: 'l', value: 'w' }] });
  await send('UntagResource', { resourceArn: m.arn, tagKeys: ['k'] });
  is((await send('ListTagsForResource', { resourceArn: m.arn })).tags, [{ key: 'l', value: 'w' }]);
  await refuses('TooManyTags', 'TagResource', { resourceArn: m.arn,
    tags: Array.from({ length: 51 }, (_, i) => ({ key: `t${i}`, value: '' })) });
  await refuses('ResourceNotFound', 'TagResource', { resourceArn: `${m.arn}x`, tags: [] });
  await send('DeleteStateMachine', { stateMachineArn: m.arn });
  await refuses('StateMachineDoesNotExist', 'DescribeStateMachine', { stateMachineArn: m.arn });
});

await test('tags are of the letters that AWS takes', async () => {
  const m = await machine(PASS, { tags: [{ key: 'Größe:a/b=c+d-e@f.g_ 1', value: '' }] });
  const tags = (...keys) => ({ resourceArn: m.arn, tags: keys.map((key) => ({ key, value: 'v' })) });
  for (const key of ['a*b', 'a\u0001', 'aws:a', 'Aws:a', '{']) await refuses('ValidationException', 'TagResource', tags('fine', key));
  await refuses('ValidationException', 'TagResource', { resourceArn: m.arn, tags: [{ key: 'k', value: '<' }] });
  await send('TagResource', tags('awsome'));
  is((await send('ListTagsForResource', { resourceArn: m.arn })).tags.map((t) => t.key), ['Größe:a/b=c+d-e@f.g_ 1', 'awsome']);
});

await test('deleting a machine whose executions run', async () => {
  const m = await machine(define({ W: { Type: 'Wait', Seconds: 3600, End: true } }), { publish: true });
  const routingConfiguration = [{ stateMachineVersionArn: `${m.arn}:1`, weight: 100 }];
  const executionArn = await start(m);
  for (let i = 0; i < 2; i++) await send('DeleteStateMachine', { stateMachineArn: m.arn });
  const status = async () => (await send('DescribeStateMachine', { stateMachineArn: m.arn })).status;
  is(await status(), 'DELETING');
  for (const [operation, more] of [['StartExecution', {}], ['UpdateStateMachine', { definition: PASS }],
    ['PublishStateMachineVersion', {}], ['ListStateMachineAliases', {}]])
    await refuses('StateMachineDeleting', operation, { stateMachineArn: m.arn, ...more });
  await refuses('StateMachineDeleting', 'CreateStateMachine', { name: m.name, definition: PASS, roleArn: ROLE });
  await refuses('StateMachineDeleting', 'CreateStateMachineAlias', { name: 'a', routingConfiguration });
  await server.stop('SIGKILL');
  await server.start();
  client = connect();
  is(await status(), 'DELETING');
  await send('StopExecution', { executionArn });
  await refuses('StateMachineDoesNotExist', 'DescribeStateMachine', { stateMachineArn: m.arn });
  is((await send('DescribeExecution', { executionArn })).status, 'ABORTED');
  is((await machine(PASS, { name: m.name })).arn, m.arn);
});

await test('validation', async () => {
  const fine = await send('ValidateStateMachineDefinition', { definition: PASS });
  is([fine.result, fine.diagnostics, fine.truncated], ['OK', [], false]);
  const bad = await send('ValidateStateMachineDefinition', { definition: '{"StartAt":"X"}' });
  is([bad.result, bad.diagnostics[0].code], ['FAIL', 'SCHEMA_VALIDATION_FAILED']);
  await refuses('ValidationException', 'ValidateStateMachineDefinition', { definition: PASS, maxResults: 101 });
});

await test('executions', async () => {
  const m = await machine(PASS);
  const name = 'same', input = '{"a": 1}';
  const arn = await start(m, { name, input });
  const d = await until(arn);
  is([d.name, d.input, d.output, d.redriveCount], [name, input, '{"x":1}', 0]);
  await refuses('ExecutionAlreadyExists', 'StartExecution', { stateMachineArn: m.arn, name, input },
    `Execution Already Exists: '${arn}'`);
  await refuses('InvalidExecutionInput', 'StartExecution', { stateMachineArn: m.arn, input: 'no' });
  await refuses('InvalidName', 'StartExecution', { stateMachineArn: m.arn, name: 'a/b' });
  await refuses('ExecutionDoesNotExist', 'DescribeExecution', { executionArn: `${arn}x` });
  const hidden = await send('DescribeExecution', { executionArn: arn, includedData: 'METADATA_ONLY' });
  is([hidden.input, hidden.inputDetails], [undefined, { included: false }]);
  const h = await send('GetExecutionHistory', { executionArn: arn, maxResults: 3 });
  is(h.events.map((e) => e.id), [1, 2, 3]);
  is(h.events[0].executionStartedEventDetails.input, input);
  const rest = await send('GetExecutionHistory', { executionArn: arn, nextToken: h.nextToken });
  is([rest.events.map((e) => e.id), rest.nextToken], [[4], undefined]);
  const back = await send('GetExecutionHistory',
    { executionArn: arn, reverseOrder: true, includeExecutionData: false });
  is(back.events.map((e) => e.id), [4, 3, 2, 1]);
  is(back.events[3].executionStartedEventDetails, { roleArn: ROLE });
  for (let i = 0; i < 5; i++) await until(await start(m));
  let pages = 0, all = 0, nextToken;
  do {
    const page = await send('ListExecutions', { stateMachineArn: m.arn, maxResults: 2, nextToken });
    pages++, all += page.executions.length, nextToken = page.nextToken;
  } while (nextToken);
  is([pages, all], [3, 6]);
  is((await send('ListExecutions', { stateMachineArn: m.arn, statusFilter: 'FAILED' })).executions, []);
  const f = await send('DescribeStateMachineForExecution', { executionArn: arn });
  is([f.stateMachineArn, f.definition], [m.arn, PASS]);
});

await test('stop and redrive', async () => {
  const m = await machine(define({ W: { Type: 'Wait', Seconds: 3600, Next: 'D' }, D: { Type: 'Succeed' } }));
  const arn = await start(m, { name: 'again', input: '{}' });
  is(await start(m, { name: 'again', input: '{ }' }), arn);
  await refuses('ExecutionAlreadyExists', 'StartExecution', { stateMachineArn: m.arn, name: 'again', input: '1' });
  const once = await Promise.all(Array.from({ length: 8 }, () => start(m, { name: 'together', input: '{}' })));
  is(new Set(once).size, 1);
  await refuses('ExecutionNotRedrivable', 'RedriveExecution', { executionArn: arn });
  await send('StopExecution', { executionArn: arn, error: 'E', cause: 'C' });
  const d = await until(arn, 'ABORTED');
  is([d.error, d.cause, d.redriveStatus], ['E', 'C', 'REDRIVABLE']);
  const r = await send('RedriveExecution', { executionArn: arn, clientToken: 'once' });
  is((await send('RedriveExecution', { executionArn: arn, clientToken: 'once' })).redriveDate, r.redriveDate);
  const again = await send('DescribeExecution', { executionArn: arn });
  is([again.status, again.redriveCount], ['RUNNING', 1]);
  await send('StopExecution', { executionArn: arn });
});

await test('express', async () => {
  const m = await machine(PASS, { type: 'EXPRESS' });
  const s = await send('StartSyncExecution', { stateMachineArn: m.arn, input: '{}', name: 'n' });
  is([s.status, s.output, s.billingDetails.billedDurationInMilliseconds, s.name],
    ['SUCCEEDED', '{"x":1}', 100, 'n']);
  const f = await machine(define({ W: { Type: 'Wait', Seconds: 1, Next: 'F' },
    F: { Type: 'Fail', Error: 'E', Cause: 'C' } }), { type: 'EXPRESS' });
  const failed = await send('StartSyncExecution', { stateMachineArn: f.arn });
  is([failed.status, failed.error, failed.cause, failed.output], ['FAILED', 'E', 'C', undefined]);
  const standard = await machine(PASS);
  await refuses('StateMachineTypeNotSupported', 'StartSyncExecution', { stateMachineArn: standard.arn });
  await refuses('StateMachineTypeNotSupported', 'ListExecutions', { stateMachineArn: m.arn });
  await refuses('InvalidArn', 'DescribeExecution', { executionArn: s.executionArn },
    "Invalid Arn: 'Resource type not valid in this context: express'");
});

await test('versions and aliases', async () => {
  const m = await machine(PASS, { publish: true });
  is(m.stateMachineVersionArn, `${m.arn}:1`);
  const u = await send('UpdateStateMachine', { stateMachineArn: m.arn, definition: `${PASS} ` });
  await refuses('ConflictException', 'PublishStateMachineVersion',
    { stateMachineArn: m.arn, revisionId: 'INITIAL' });
  const v2 = await send('PublishStateMachineVersion', { stateMachineArn: m.arn, revisionId: u.revisionId });
  is(v2.stateMachineVersionArn, `${m.arn}:2`);
  const listed = await send('ListStateMachineVersions', { stateMachineArn: m.arn, maxResults: 1 });
  is(listed.stateMachineVersions.map((v) => v.stateMachineVersionArn), [`${m.arn}:2`]);
  const more = await send('ListStateMachineVersions', { stateMachineArn: m.arn, nextToken: listed.nextToken });
  is(more.stateMachineVersions.map((v) => v.stateMachineVersionArn), [`${m.arn}:1`]);
  const route = (...pairs) => pairs.map(([n, weight]) => ({ stateMachineVersionArn: `${m.arn}:${n}`, weight }));
  const a = await send('CreateStateMachineAlias', { name: 'live', routingConfiguration: route([1, 50], [2, 50]) });
  const through = new Set();
  for (let i = 0; i < 40; i++)
    through.add((await until(await start({ arn: a.stateMachineAliasArn }))).stateMachineVersionArn);
  is([...through].sort(), [`${m.arn}:1`, `${m.arn}:2`]);
  is((await send('ListExecutions', { stateMachineArn: a.stateMachineAliasArn })).executions.length, 40);
  await send('UpdateStateMachineAlias',
    { stateMachineAliasArn: a.stateMachineAliasArn, routingConfiguration: route([2, 100]) });
  is((await send('DescribeStateMachineAlias', { stateMachineAliasArn: a.stateMachineAliasArn }))
    .routingConfiguration, route([2, 100]));
  await refuses('ConflictException', 'DeleteStateMachineVersion', { stateMachineVersionArn: `${m.arn}:2` });
  await send('DeleteStateMachineVersion', { stateMachineVersionArn: `${m.arn}:1` });
  await refuses('ResourceNotFound', 'CreateStateMachineAlias', { name: 'old', routingConfiguration: route([1, 100]) });
  is((await send('ListStateMachineAliases', { stateMachineArn: m.arn })).stateMachineAliases.length, 1);
  await send('DeleteStateMachineAlias', { stateMachineAliasArn: a.stateMachineAliasArn });
  await refuses('ResourceNotFound', 'UpdateStateMachineAlias',
    { stateMachineAliasArn: a.stateMachineAliasArn, description: 'd' });
});

await test('a worker and a callback across kill -9', async () => {
  const { activityArn } = await send('CreateActivity', { name: 'work' });
  is((await send('CreateActivity', { name: 'work' })).activityArn, activityArn);
  is((await send('DescribeActivity', { activityArn })).name, 'work');
  check((await send('ListActivities')).activities.some((a) => a.activityArn === activityArn), 'listed');
  const m = await machine(activityTask(activityArn, { HeartbeatSeconds: 600 }));
  const waits = send('GetActivityTask', { activityArn, workerName: 'early' });
  const one = await start(m, { input: '{"n": 1}' });
  const task = await waits;
  is(task.input, '{"n":1}');
  await send('SendTaskHeartbeat', { taskToken: task.taskToken });
  const two = await start(m, { input: '{"n": 2}' });
  await server.stop('SIGKILL');
  await server.start();
  client = connect();
  await send('SendTaskSuccess', { taskToken: task.taskToken, output: '{"done": 1}' });
  is((await until(one)).output, '{"done":1}');
  const second = await send('GetActivityTask', { activityArn, workerName: 'late' });
  is(second.input, '{"n":2}');
  await send('SendTaskFailure', { taskToken: second.taskToken, error: 'E', cause: 'C' });
  is((await until(two, 'FAILED')).error, 'E');
  const h = await send('GetExecutionHistory', { executionArn: two });
  is(h.events.map((e) => e.type), ['ExecutionStarted', 'TaskStateEntered', 'ActivityScheduled',
    'ActivityStarted', 'ActivityFailed', 'ExecutionFailed']);
  is(h.events[3].activityStartedEventDetails, { workerName: 'late' });
  await refuses('TaskTimedOut', 'SendTaskSuccess', { taskToken: task.taskToken, output: '{}' });
  await refuses('InvalidOutput', 'SendTaskSuccess', { taskToken: task.taskToken, output: 'no' });
  for (const operation of ['SendTaskFailure', 'SendTaskHeartbeat'])
    await refuses('InvalidToken', operation, { taskToken: 'made up' });
  await send('DeleteActivity', { activityArn });
  await refuses('ActivityDoesNotExist', 'GetActivityTask', { activityArn });
});

// A run's children are executions of their own: listed, described, with a history each.
async function children(run, m, parent) {
  const { executions } = await send('ListExecutions', { mapRunArn: run.mapRunArn });
  is(executions.map((x) => [x.status, x.mapRunArn, x.stateMachineArn, x.itemCount, x.executionArn]), [2, 1].map((n) =>
    ['SUCCEEDED', run.mapRunArn, `${m.arn}/lab`, 1, `${PREFIX}execution:${m.name}/lab:${executions[2 - n].name}`]));
  const page = await send('ListExecutions', { mapRunArn: run.mapRunArn, maxResults: 1 });
  const rest = await send('ListExecutions', { mapRunArn: run.mapRunArn, maxResults: 1, nextToken: page.nextToken });
  is([...page.executions, ...rest.executions, rest.nextToken], [...executions, undefined]);
  is((await send('ListExecutions', { mapRunArn: run.mapRunArn, statusFilter: 'FAILED' })).executions, []);
  const { executionArn } = executions[1];
  const d = await send('DescribeExecution', { executionArn });
  is([d.status, d.input, d.output, d.mapRunArn, d.redriveStatus, d.stopDate >= d.startDate],
    ['SUCCEEDED', '1', '1', run.mapRunArn, 'NOT_REDRIVABLE', true]);
  const h = await send('GetExecutionHistory', { executionArn });
  is(h.events.map((e) => [e.type, e.id, e.previousEventId]), [['ExecutionStarted', 1, 0], ['PassStateEntered', 2, 1],
    ['PassStateExited', 3, 2], ['ExecutionSucceeded', 4, 3]]);
  is(h.events[0].executionStartedEventDetails, { input: '1', inputDetails: { truncated: false }, roleArn: ROLE });
  const back = await send('GetExecutionHistory', { executionArn, reverseOrder: true, maxResults: 3 });
  is([back.events.map((e) => e.id), (await send('GetExecutionHistory', { executionArn, reverseOrder: true, nextToken: back.nextToken }))
    .events.map((e) => e.id)], [[4, 3, 2], [1]]);
  const f = await send('DescribeStateMachineForExecution', { executionArn });
  is([f.stateMachineArn, f.label, f.mapRunArn], [`${m.arn}/lab`, 'lab', run.mapRunArn]);
  const wrong = executionArn.replace(/.$/, (c) => (c === '0' ? '1' : '0'));
  for (const operation of ['DescribeExecution', 'GetExecutionHistory', 'DescribeStateMachineForExecution'])
    await refuses('ExecutionDoesNotExist', operation, { executionArn: wrong }, `Execution Does Not Exist: '${wrong}'`);
  for (const operation of ['StopExecution', 'RedriveExecution']) await refuses('ValidationException', operation, { executionArn });
}

// A tolerated failure waits for its redrive, one at a time, over a kill -9.
await test('a map run that tolerates is redriven', async () => {
  const { activityArn } = await send('CreateActivity', { name: 'of-tolerated' });
  const m = await machine(define({ M: { Type: 'Map', Label: 't', End: true, MaxConcurrency: 1, ToleratedFailureCount: 1,
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, StartAt: 'A',
      States: { A: { Type: 'Task', Resource: activityArn, End: true } } } } }));
  const arn = await start(m, { input: '[1,2,3]' });
  const fail = async () => send('SendTaskFailure', { taskToken: (await send('GetActivityTask', { activityArn })).taskToken, error: 'E' });
  const succeed = async () => {
    const { taskToken, input } = await send('GetActivityTask', { activityArn });
    await send('SendTaskSuccess', { taskToken, output: input });
    return input;
  };
  await fail();
  await fail();
  await until(arn, 'FAILED');
  const [{ mapRunArn }] = (await send('ListMapRuns', { executionArn: arn })).mapRuns;
  const counts = async () => {
    const { executionCounts: c } = await send('DescribeMapRun', { mapRunArn });
    return [c.pending, c.running, c.succeeded, c.failed, c.pendingRedrive];
  };
  const statuses = async () => (await send('ListExecutions', { mapRunArn })).executions.reverse().map((x) => `${x.status} ${x.redriveCount}`);
  is(await counts(), [1, 0, 0, 2, 0]);
  await send('RedriveExecution', { executionArn: arn });
  is(await counts(), [1, 1, 0, 0, 1]);
  is(await statuses(), ['PENDING_REDRIVE 0', 'RUNNING 1']);
  is((await send('ListExecutions', { mapRunArn, statusFilter: 'PENDING_REDRIVE' })).executions.length, 1);
  await server.stop('SIGKILL');
  await server.start();
  client = connect();
  is(await counts(), [1, 1, 0, 0, 1]);
  is([await succeed(), await succeed(), await succeed()], ['2', '1', '3']);
  is((await until(arn)).output, '[1,2,3]');
  is(await counts(), [0, 0, 3, 0, 0]);
  is(await statuses(), ['SUCCEEDED 1', 'SUCCEEDED 1', 'SUCCEEDED 0']);
});

// A run is redriven 1,000 times; then its Map fails with States.Runtime, each time again.
await test('a map run is redriven a thousand times', async () => {
  const m = await machine(define({ M: { Type: 'Map', End: true, ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED',
    ExecutionType: 'STANDARD' }, StartAt: 'F', States: { F: { Type: 'Fail', Error: 'E' } } } } }));
  const arn = await start(m, { input: '[1]' });
  await until(arn, 'FAILED');
  const [{ mapRunArn }] = (await send('ListMapRuns', { executionArn: arn })).mapRuns;
  const redrive = async () => { await send('RedriveExecution', { executionArn: arn }); return until(arn, 'FAILED'); };
  for (let i = 0; i < 999; i++) await redrive();
  is((await redrive()).error, 'States.ExceedToleratedFailureThreshold');
  const run = await send('DescribeMapRun', { mapRunArn });
  is([run.redriveCount, run.executionCounts.failed, run.executionCounts.failuresNotRedrivable], [1000, 1, 1]);
  for (const count of [1001, 1002]) {
    const d = await redrive();
    is([d.error, d.redriveCount, /redriven 1000 times/.test(d.cause)], ['States.Runtime', count, true]);
    is((await send('DescribeMapRun', { mapRunArn })).redriveCount, 1000);
  }
  const { events } = await send('GetExecutionHistory', { executionArn: arn, reverseOrder: true, maxResults: 3 });
  is(events.map((e) => e.type), ['ExecutionFailed', 'ExecutionRedriven', 'ExecutionFailed']);
});

// Failed, aborted and redriven ones, over a kill -9; what is counted is what is listed.
await test('children of a map run', async () => {
  const { activityArn } = await send('CreateActivity', { name: 'of-children' });
  const of = (states, more = {}) => define({ M: { Type: 'Map', Label: 'c', End: true, ...more, ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, StartAt: Object.keys(states)[0], States: states } } });
  const m = await machine(of({ A: { Type: 'Task', Resource: activityArn, End: true } }));
  const arn = await start(m, { input: '[1,2,3]' });
  const first = await send('GetActivityTask', { activityArn });
  await send('SendTaskSuccess', { taskToken: first.taskToken, output: '"one"' });
  const [{ mapRunArn }] = (await send('ListMapRuns', { executionArn: arn })).mapRuns;
  await server.stop('SIGKILL');
  await server.start();
  client = connect();
  const second = await send('GetActivityTask', { activityArn });
  await send('SendTaskFailure', { taskToken: second.taskToken, error: 'E', cause: 'C' });
  await until(arn, 'FAILED');
  const listed = async () => (await send('ListExecutions', { mapRunArn })).executions.reverse();
  const counted = async () => {
    const { executionCounts: c } = await send('DescribeMapRun', { mapRunArn });
    const all = await listed();
    for (const [status, count] of [['SUCCEEDED', c.succeeded], ['FAILED', c.failed], ['ABORTED', c.aborted], ['RUNNING', c.running]])
      is([status, all.filter((x) => x.status === status).length], [status, count]);
    return all;
  };
  let all = await counted();
  is(all.map((x) => [x.status, x.itemCount, x.redriveCount]), [['SUCCEEDED', 1, 0], ['FAILED', 1, 0], ['ABORTED', 1, 0]]);
  const failed = await send('DescribeExecution', { executionArn: all[1].executionArn });
  is([failed.error, failed.cause, failed.redriveStatus, failed.input], ['E', 'C', 'REDRIVABLE_BY_MAP_RUN', '2']);
  const types = async (x) => (await send('GetExecutionHistory', { executionArn: x.executionArn })).events.map((e) => `${e.previousEventId} ${e.type}`);
  is(await types(all[1]), ['0 ExecutionStarted', '1 TaskStateEntered', '2 ActivityScheduled', '3 ActivityStarted', '4 ActivityFailed', '5 ExecutionFailed']);
  is(await types(all[2]), ['0 ExecutionStarted', '1 TaskStateEntered', '2 ActivityScheduled', '0 ExecutionAborted']);
  const [ended] = (await send('ListMapRuns', { executionArn: arn })).mapRuns;
  const { redriveDate } = await send('RedriveExecution', { executionArn: arn });
  const running = await send('DescribeMapRun', { mapRunArn });
  is([running.status, running.stopDate, running.executionCounts.running, running.redriveCount, running.redriveDate],
    ['RUNNING', undefined, 2, 1, redriveDate]);
  is((await send('ListMapRuns', { executionArn: arn })).mapRuns, [{ ...ended, stopDate: undefined }]
    .map(({ stopDate, ...rest }) => rest));
  for (let i = 0; i < 2; i++) {
    const { taskToken } = await send('GetActivityTask', { activityArn });
    await send('SendTaskSuccess', { taskToken, output: '"again"' });
  }
  await until(arn);
  all = await counted();
  is(all.map((x) => [x.status, x.redriveCount]), [['SUCCEEDED', 0], ['SUCCEEDED', 1], ['SUCCEEDED', 1]]);
  is((await send('DescribeExecution', { executionArn: all[1].executionArn })).output, '"again"');
  is((await types(all[1])).slice(6), ['6 ExecutionRedriven', '7 ActivityScheduled', '8 ActivityStarted', '9 ActivitySucceeded',
    '10 TaskStateExited', '11 ExecutionSucceeded']);
  const redriven = (await send('GetExecutionHistory', { executionArn: arn })).events.filter((e) => /Redriven/.test(e.type));
  is(redriven.map((e) => [e.type, e.mapRunRedrivenEventDetails]),
    [['ExecutionRedriven', undefined], ['MapRunRedriven', { mapRunArn, redriveCount: 1 }]]);
  const over = await send('DescribeMapRun', { mapRunArn });
  is([over.status, over.redriveCount, over.redriveDate, over.stopDate > redriveDate], ['SUCCEEDED', 1, redriveDate, true]);
  is((await send('ListMapRuns', { executionArn: arn })).mapRuns.map((r) => r.stopDate), [over.stopDate]);
  // what a redrive reaches no more: the failures that a run tolerated that has succeeded
  const tolerant = await machine(of({ F: { Type: 'Fail', Error: 'E' } }, { ToleratedFailurePercentage: 100 }));
  const tolerated = await start(tolerant, { input: '[1,2]' });
  await until(tolerated);
  const [done] = (await send('ListMapRuns', { executionArn: tolerated })).mapRuns;
  const { executionCounts: c } = await send('DescribeMapRun', { mapRunArn: done.mapRunArn });
  is([c.failed, c.failuresNotRedrivable], [2, 2]);
  const [{ executionArn: one }] = (await send('ListExecutions', { mapRunArn: done.mapRunArn })).executions;
  const d = await send('DescribeExecution', { executionArn: one });
  is([d.status, d.redriveStatus, d.redriveStatusReason], ['FAILED', 'NOT_REDRIVABLE', 'Map Run is SUCCEEDED and cannot be redriven']);
  // one that is stopped from outside
  const stopped = await start(m, { input: '[1]' });
  await send('GetActivityTask', { activityArn });
  await send('StopExecution', { executionArn: stopped });
  const [third] = (await send('ListMapRuns', { executionArn: stopped })).mapRuns;
  is((await send('ListExecutions', { mapRunArn: third.mapRunArn })).executions.map((x) => x.status), ['ABORTED']);
  // EXPRESS children: listed and described, without a history; a redrive starts them anew
  const e = await machine(of({ C: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 1, Next: 'P' }], Default: 'F' },
    P: { Type: 'Pass', End: true }, F: { Type: 'Fail', Error: 'E', Cause: 'C' } }, { MaxConcurrency: 1 }).replace('"STANDARD"', '"EXPRESS"'));
  const x = await start(e, { input: '[1,2]' });
  await until(x, 'FAILED');
  const [fourth] = (await send('ListMapRuns', { executionArn: x })).mapRuns;
  const express = async () => (await send('ListExecutions', { mapRunArn: fourth.mapRunArn })).executions.reverse();
  const shown = (await express()).map((y) => [y.status, y.stateMachineArn, y.redriveCount, y.executionArn === `${PREFIX}express:${e.name}/c:${y.name}`]);
  is(shown, [['SUCCEEDED', `${e.arn}/c`, 0, true], ['FAILED', `${e.arn}/c`, 0, true]]);
  const [good, bad] = await express();
  const described = async (y) => (await send('DescribeExecution', { executionArn: y.executionArn }));
  is([(await described(good)).output, (await described(bad)).error, (await described(bad)).redriveStatus], ['1', 'E', 'REDRIVABLE_BY_MAP_RUN']);
  for (const operation of ['GetExecutionHistory', 'DescribeStateMachineForExecution', 'StopExecution', 'RedriveExecution'])
    await refuses('InvalidArn', operation, { executionArn: bad.executionArn }, "Invalid Arn: 'Resource type not valid in this context: express'");
  for (const operation of ['DescribeExecution', 'GetExecutionHistory'])
    await refuses('ExecutionDoesNotExist', operation, { executionArn: bad.executionArn.replace(':express:', ':execution:') });
  await send('RedriveExecution', { executionArn: x });
  await until(x, 'FAILED');
  const [kept, anew] = await express();
  is([kept, anew.executionArn, anew.status, anew.startDate > bad.startDate], [good, bad.executionArn, 'FAILED', true]);
  is((await send('DescribeMapRun', { mapRunArn: fourth.mapRunArn })).executionCounts.failed, 1);
});


await test('map runs', async () => {
  const m = await machine(PASS);
  const executionArn = await start(m);
  is((await send('ListMapRuns', { executionArn })).mapRuns, []);
  const d = await machine(define({ M: { Type: 'Map', Label: 'lab', End: true, ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, StartAt: 'I',
    States: { I: { Type: 'Pass', End: true } } } } }));
  const arn = await start(d, { input: '[1,2]' });
  is((await until(arn)).output, '[1,2]');
  const [run] = (await send('ListMapRuns', { executionArn: arn })).mapRuns;
  is([run.executionArn, run.stateMachineArn, run.mapRunArn.slice(0, -36)],
    [arn, `${d.arn}/lab`, `${PREFIX}mapRun:${d.name}/lab:`]);
  check(run.stopDate >= run.startDate, 'a run ends');
  for (const operation of ['DescribeMapRun', 'UpdateMapRun', 'ListExecutions'])
    await refuses('ResourceNotFound', operation, { mapRunArn: `${PREFIX}mapRun:m/l:x` });
  const counts = (given) => ['pending', 'running', 'succeeded', 'failed', 'aborted', 'total', 'resultsWritten']
    .map((n) => given.executionCounts[n]);
  const done = await send('DescribeMapRun', { mapRunArn: run.mapRunArn });
  is([done.executionArn, done.status, done.maxConcurrency, done.toleratedFailureCount, done.toleratedFailurePercentage,
    ...counts(done)], [arn, 'SUCCEEDED', 0, 0, 0, 0, 0, 2, 0, 0, 2, 2]);
  is([done.startDate, done.stopDate], [run.startDate, run.stopDate]);
  await refuses('ValidationException', 'UpdateMapRun', { mapRunArn: run.mapRunArn, maxConcurrency: 2 });
  await refuses('ValidationException', 'UpdateMapRun', { mapRunArn: run.mapRunArn });
  await children(run, d, arn);
  // one that goes on, over a kill -9: two at once, then four
  const { activityArn } = await send('CreateActivity', { name: 'of-a-map' });
  const w = await machine(define({ M: { Type: 'Map', Label: 'l', MaxConcurrency: 2, ToleratedFailureCount: 1, End: true,
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, StartAt: 'I',
      States: { I: { Type: 'Task', Resource: activityArn, End: true } } } } }));
  const executionArn2 = await start(w, { input: '[1,2,3,4,5]' });
  const task = await send('GetActivityTask', { activityArn });
  const [{ mapRunArn }] = (await send('ListMapRuns', { executionArn: executionArn2 })).mapRuns;
  let now = await send('DescribeMapRun', { mapRunArn });
  is([now.status, now.stopDate, now.maxConcurrency, now.toleratedFailureCount, ...counts(now)],
    ['RUNNING', undefined, 2, 1, 3, 2, 0, 0, 0, 5, 0]);
  await server.stop('SIGKILL');
  await server.start();
  client = connect();
  await send('SendTaskFailure', { taskToken: task.taskToken });
  await send('UpdateMapRun', { mapRunArn, maxConcurrency: 4 });
  now = await send('DescribeMapRun', { mapRunArn });
  is([now.maxConcurrency, ...counts(now)], [4, 0, 4, 0, 1, 0, 5, 0]);
  for (let i = 0; i < 4; i++) {
    const { taskToken } = await send('GetActivityTask', { activityArn });
    await send('SendTaskSuccess', { taskToken, output: '1' });
  }
  await until(executionArn2);
  is(counts(await send('DescribeMapRun', { mapRunArn })), [0, 0, 4, 1, 0, 5, 4]);
  const stopped = await start(w, { input: '[1,2,3]' });
  await send('StopExecution', { executionArn: stopped });
  const [third] = (await send('ListMapRuns', { executionArn: stopped })).mapRuns;
  now = await send('DescribeMapRun', { mapRunArn: third.mapRunArn });
  is([now.status, ...counts(now)], ['ABORTED', 1, 0, 0, 0, 2, 3, 0]);
});

await test('TestState', async () => {
  const state = (s, more = {}) => send('TestState', { definition: JSON.stringify(s), ...more });
  const p = await state({ Type: 'Pass', Parameters: { 'y.$': '$.x' }, Next: 'N' }, { input: '{"x":2}' });
  is([p.status, p.output, p.nextState], ['SUCCEEDED', '{"y":2}', 'N']);
  const c = await state({ Type: 'Choice', Choices: [{ Variable: '$.x', NumericEquals: 2, Next: 'Two' }],
    Default: 'Other' }, { input: '{"x":2}' });
  is([c.status, c.nextState], ['SUCCEEDED', 'Two']);
  const w = await state({ Type: 'Wait', Seconds: 299, End: true });
  is([w.status, w.nextState], ['SUCCEEDED', undefined]);
  const late = await state({ Type: 'Wait', Seconds: 301, End: true }); // a test has five minutes
  is([late.status, late.error], ['FAILED', 'States.Timeout']);
  const f = await state({ Type: 'Fail', Error: 'E', Cause: 'C' });
  is([f.status, f.error, f.cause], ['FAILED', 'E', 'C']);
  const named = await send('TestState', { definition: PASS, stateName: 'P' });
  is(named.output, '{"x":1}');
  await refuses('InvalidDefinition', 'TestState', { definition: '{"Type":"Pass"}' });
  await refuses('ValidationException', 'TestState', { definition: PASS, stateName: 'Q' });
});

await test('what is not the API is not served', async () => {
  const json = { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AWSStepFunctions.ListStateMachines' };
  const cells = [
    [200, 'POST', '/', json], [405, 'GET', '/', json], [405, 'PUT', '/', json], [405, 'OPTIONS', '/', json],
    [415, 'POST', '/', { ...json, 'Content-Type': 'text/plain' }],
    [415, 'POST', '/', { ...json, 'Content-Type': 'application/x-www-form-urlencoded' }],
    [415, 'POST', '/', { ...json, 'Content-Type': 'application/json' }],
    [403, 'POST', '/', { ...json, Host: 'evil.example' }],
    [403, 'POST', '/', { ...json, Host: `evil.example:${server.port}` }],
    [403, 'POST', '/', { ...json, Origin: 'http://evil.example' }],
    [403, 'POST', '/', { ...json, Origin: 'null' }],
    [403, 'POST', '/', { ...json, 'Sec-Fetch-Site': 'cross-site' }],
    [403, 'GET', '/metrics', { Origin: 'http://evil.example' }],
    [403, 'GET', '/healthz', { Host: 'rebound.example' }],
    [200, 'GET', '/healthz', {}], [200, 'GET', '/metrics', {}],
    [400, 'POST', '/', { ...json, 'X-Amz-Target': 'AWSStepFunctions.Nothing' }],
    [400, 'POST', '/', { ...json }, '{'], [400, 'POST', '/', { ...json }, '[]'],
    [400, 'POST', '/', { ...json }, '{"maxResults":"x"}'],
  ];
  for (const [status, method, path, headers, body = '{}'] of cells) {
    const answer = await server.raw(method, path, headers, method === 'POST' ? body : '');
    check(answer.status === status, `${method} ${path} ${show(headers)}: ${answer.status}, not ${status}`);
    const cors = Object.keys(answer.headers).filter((h) => h.startsWith('access-control'));
    is(cors, []);
  }
  const metrics = await server.raw('GET', '/metrics', {});
  check(/stepwell_executions\{status="SUCCEEDED"\} \d+/.test(metrics.body), metrics.body);
});

await test('the stand-ins answer on the same port', async () => {
  const answer = await server.raw('POST', '/', { 'X-Amz-Target': 'DynamoDB_20120810.ListTables',
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Date': '20260101T000000Z',
    Authorization: 'AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0' }, '{}');
  is([answer.status, answer.body], [200, '{"TableNames":[]}']);
});

await test('every operation was asked', async () => {
  const all = Object.keys(sdk).filter((k) => /^[A-Z].*Command$/.test(k) && k !== '$Command')
    .map((k) => k.slice(0, -'Command'.length));
  is([all.length, all.filter((o) => !used.has(o))], [37, []]);
});

await test('a long poll is answered when the server is asked to stop', async () => {
  const { activityArn } = await send('CreateActivity', { name: 'idle' });
  const poll = send('GetActivityTask', { activityArn });
  for (let i = 0; i < 2; i++) await send('ListActivities', {}); // sent and answered behind it: it is waiting there
  is(await server.stop(), 0);
  is((await poll).taskToken ?? null, null);
  await server.start();
});

const status = await server.close();
if (status !== 0) tally.fail('the end', `${status}: ${server.errors}`);
tally.close();
