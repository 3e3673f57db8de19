// Regions and accounts: a request belongs to those of its signature's scope. Names are unique and lists show
// what is there, of one region and account; an ARN of another region is not found, one of another account denied; an
// execution's calls go to its own region. All of it over a kill -9.
import { createRequire } from 'node:module';
import { Server, Tally, until } from './client.mjs';

const sdk = createRequire(import.meta.url)(process.env.SDK);
const tally = new Tally('scopes');
const json = JSON.stringify;
const ROLE = 'arn:aws:iam::123456789012:role/sfn';
const define = (states) => json({ StartAt: Object.keys(states)[0], States: states });
const where = (result) => define({ P: { Type: 'Pass', Parameters: { 'id.$': '$$.Execution.Id', 'machine.$': '$$.StateMachine.Id', result }, End: true } });

const server = await new Server().start();
const clientOf = (region, accessKeyId) => new sdk.SFNClient({ endpoint: server.url, region, maxAttempts: 1,
  disableHostPrefix: true, credentials: { accessKeyId, secretAccessKey: 'secret' } });
const scopes = [
  { region: 'us-east-1', account: '123456789012', partition: 'aws', key: 'AKIDEXAMPLE' }, // the server's own
  { region: 'eu-west-1', account: '123456789012', partition: 'aws', key: 'AKIDEXAMPLE' },
  { region: 'eu-west-1', account: '000000000042', partition: 'aws', key: '000000000042' },
  { region: 'cn-north-1', account: '123456789012', partition: 'aws-cn', key: 'test' },
];
for (const s of scopes) {
  s.connect = () => { s.client = clientOf(s.region, s.key); };
  s.connect();
  s.send = (operation, input = {}) => s.client.send(new sdk[`${operation}Command`](input));
  s.prefix = `arn:${s.partition}:states:${s.region}:${s.account}:`;
}
const [home, west, other] = scopes;

const is = (given, expected) => {
  if (json(given) !== json(expected)) throw new Error(`${json(given)}, not ${json(expected)}`);
};
async function refuses(name, promise) {
  const error = await promise.then(() => { throw new Error(`it is not refused with ${name}`); }, (e) => e);
  if (error.name !== name) throw error;
}
async function test(name, body) {
  try {
    await body();
    tally.pass();
  } catch (error) {
    tally.fail(name, error.stack ?? error);
  }
}
const ended = (s, executionArn) => until(async () => {
  const d = await s.send('DescribeExecution', { executionArn });
  return d.status !== 'RUNNING' && d;
}, executionArn);

await test('the same name in each', async () => {
  for (const [i, s] of scopes.entries()) {
    s.machine = (await s.send('CreateStateMachine', { name: 'same', definition: where(i), roleArn: ROLE, publish: true,
      tags: [{ key: 'scope', value: `${i}` }] })).stateMachineArn;
    is(s.machine, `${s.prefix}stateMachine:same`);
    s.activity = (await s.send('CreateActivity', { name: 'work' })).activityArn;
    is(s.activity, `${s.prefix}activity:work`);
    s.alias = (await s.send('CreateStateMachineAlias', { name: 'live',
      routingConfiguration: [{ stateMachineVersionArn: `${s.machine}:1`, weight: 100 }] })).stateMachineAliasArn;
    is(s.alias, `${s.machine}:live`);
  }
});

const holds = async () => {
  for (const [i, s] of scopes.entries()) {
    is((await s.send('ListStateMachines')).stateMachines.map((m) => [m.stateMachineArn, m.name]), [[s.machine, 'same']]);
    is((await s.send('ListActivities')).activities.map((a) => [a.activityArn, a.name]), [[s.activity, 'work']]);
    is((await s.send('DescribeStateMachine', { stateMachineArn: s.machine })).definition, where(i));
    is((await s.send('ListStateMachineVersions', { stateMachineArn: s.machine })).stateMachineVersions.map((v) =>
      v.stateMachineVersionArn), [`${s.machine}:1`]);
    is((await s.send('ListStateMachineAliases', { stateMachineArn: s.machine })).stateMachineAliases.map((a) =>
      a.stateMachineAliasArn), [s.alias]);
    is((await s.send('ListTagsForResource', { resourceArn: s.machine })).tags, [{ key: 'scope', value: `${i}` }]);
  }
};
await test('lists show their own', holds);

await test('executions are of their machine’s region and account', async () => {
  for (const [i, s] of scopes.entries()) {
    const { executionArn } = await s.send('StartExecution', { stateMachineArn: i % 2 ? s.alias : s.machine, name: 'one' });
    is(executionArn, `${s.prefix}execution:same:one`);
    const d = await ended(s, executionArn);
    is(JSON.parse(d.output), { id: executionArn, machine: s.machine, result: i });
    is((await s.send('ListExecutions', { stateMachineArn: s.machine })).executions.map((x) => x.executionArn), [executionArn]);
    s.execution = executionArn;
  }
});

await test('what is elsewhere is not found', async () => {
  await refuses('StateMachineDoesNotExist', home.send('DescribeStateMachine', { stateMachineArn: west.machine }));
  await refuses('StateMachineDoesNotExist', home.send('StartExecution', { stateMachineArn: west.machine }));
  await refuses('StateMachineDoesNotExist', home.send('ListExecutions', { stateMachineArn: west.machine }));
  await refuses('ExecutionDoesNotExist', home.send('DescribeExecution', { executionArn: west.execution }));
  await refuses('ExecutionDoesNotExist', home.send('GetExecutionHistory', { executionArn: west.execution }));
  await refuses('ActivityDoesNotExist', home.send('GetActivityTask', { activityArn: west.activity }));
  await refuses('ResourceNotFound', home.send('TagResource', { resourceArn: west.machine, tags: [] }));
  await refuses('ResourceNotFound', home.send('DescribeStateMachineAlias', { stateMachineAliasArn: west.alias }));
  await refuses('ResourceNotFound', home.send('CreateStateMachineAlias', { name: 'far',
    routingConfiguration: [{ stateMachineVersionArn: `${west.machine}:1`, weight: 100 }] }));
  for (const [operation, input] of [['DeleteStateMachine', { stateMachineArn: west.machine }],
    ['DeleteActivity', { activityArn: west.activity }], ['DeleteStateMachineAlias', { stateMachineAliasArn: west.alias }]])
    await home.send(operation, input);
  await holds();
});

await test('what is another account’s is denied, whether it is there or not', async () => {
  const denied = (operation, input) => refuses('AccessDeniedException', west.send(operation, input))
    .catch((error) => { throw new Error(`${operation}: ${error}`); });
  await denied('DescribeStateMachine', { stateMachineArn: other.machine });
  await denied('StartExecution', { stateMachineArn: `${other.prefix}stateMachine:none` });
  await denied('DeleteStateMachine', { stateMachineArn: other.machine });
  for (const operation of ['DescribeExecution', 'StopExecution', 'GetExecutionHistory', 'DescribeStateMachineForExecution',
    'ListMapRuns', 'RedriveExecution']) await denied(operation, { executionArn: other.execution });
  for (const operation of ['GetActivityTask', 'DescribeActivity', 'DeleteActivity'])
    await denied(operation, { activityArn: other.activity });
  await denied('ListTagsForResource', { resourceArn: other.machine });
  for (const operation of ['DescribeStateMachineAlias', 'DeleteStateMachineAlias'])
    await denied(operation, { stateMachineAliasArn: other.alias });
  await denied('CreateStateMachineAlias', { name: 'far', routingConfiguration: [{ stateMachineVersionArn: `${other.machine}:1`,
    weight: 100 }] });
  await denied('DescribeMapRun', { mapRunArn: `${other.prefix}mapRun:same/label:5b1f1a86-0ed5-4f1c-9ae3-5a3b1f8f8a11` });
  const e = await west.send('DescribeActivity', { activityArn: other.activity }).catch((error) => error);
  is(e.message, `User: arn:aws:iam::${west.account}:root is not authorized to perform: states:DescribeActivity on resource: `
    + `${other.activity} because no resource-based policy allows the states:DescribeActivity action`);
  // an ARN that is none, and one of a wrong type, are that first
  await refuses('InvalidArn', west.send('DescribeExecution', { executionArn: other.machine }));
  await refuses('InvalidArn', west.send('DescribeStateMachine', { stateMachineArn: `arn:aws:sqs:eu-west-1:${other.account}:queue` }));
  await holds();
});

await test('an execution of another account reaches its own', async () => {
  const parent = (await other.send('CreateStateMachine', { name: 'parent', roleArn: ROLE, definition: define({
    S: { Type: 'Task', Resource: 'arn:aws:states:::states:startExecution.sync:2', Parameters: { StateMachineArn: other.machine },
      End: true } }) })).stateMachineArn;
  const { executionArn } = await other.send('StartExecution', { stateMachineArn: parent });
  is((await ended(other, executionArn)).status, 'SUCCEEDED');
  await other.send('DeleteStateMachine', { stateMachineArn: parent });
});

await test('an execution’s calls go to its region', async () => {
  const sub = (await west.send('CreateStateMachine', { name: 'sub', definition: where(7), roleArn: ROLE })).stateMachineArn;
  const parent = (await west.send('CreateStateMachine', { name: 'parent', roleArn: ROLE, definition: define({
    S: { Type: 'Task', Resource: 'arn:aws:states:::states:startExecution.sync:2', Parameters: { StateMachineArn: sub }, Next: 'L' },
    L: { Type: 'Task', Resource: 'arn:aws:states:::aws-sdk:sfn:listStateMachines', Parameters: {}, End: true } }) })).stateMachineArn;
  const { executionArn } = await west.send('StartExecution', { stateMachineArn: parent });
  const d = await ended(west, executionArn);
  is([d.status, d.error, d.cause], ['SUCCEEDED', undefined, undefined]);
  is(JSON.parse(d.output).StateMachines.map((m) => m.Name), ['parent', 'same', 'sub']);
  const { events } = await west.send('GetExecutionHistory', { executionArn });
  is(events.filter((e) => e.type === 'TaskScheduled').map((e) => e.taskScheduledEventDetails.region), ['eu-west-1', 'eu-west-1']);
  for (const stateMachineArn of [sub, parent]) await west.send('DeleteStateMachine', { stateMachineArn });
});

await test('workers take the tasks of their own activity', async () => {
  const worker = (s) => s.send('CreateStateMachine', { name: 'worker', roleArn: ROLE,
    definition: define({ A: { Type: 'Task', Resource: s.activity, End: true } }) });
  const machines = [await worker(home), await worker(west)];
  await west.send('StartExecution', { stateMachineArn: machines[1].stateMachineArn, input: '"west"' });
  await home.send('StartExecution', { stateMachineArn: machines[0].stateMachineArn, input: '"home"' });
  for (const [s, input] of [[home, '"home"'], [west, '"west"']]) {
    const task = await s.send('GetActivityTask', { activityArn: s.activity });
    is(task.input, input);
    await s.send('SendTaskSuccess', { taskToken: task.taskToken, output: '1' });
  }
  for (const [i, s] of [home, west].entries()) await s.send('DeleteStateMachine', { stateMachineArn: machines[i].stateMachineArn });
});

await test('unsigned requests are the server’s own, and find by ARN', async () => {
  is((await server.call('ListStateMachines', {})).body.stateMachines.map((m) => m.stateMachineArn), [home.machine]);
  is((await server.call('DescribeStateMachine', { stateMachineArn: west.machine })).body.stateMachineArn, west.machine);
});

await test('over a kill -9', async () => {
  await server.stop('SIGKILL');
  await server.start();
  for (const s of scopes) s.connect();
  await holds();
  for (const s of scopes) is((await s.send('DescribeExecution', { executionArn: s.execution })).status, 'SUCCEEDED');
});

await test('deleting one leaves the others', async () => {
  await west.send('DeleteStateMachine', { stateMachineArn: west.machine });
  is((await west.send('ListStateMachines')).stateMachines, []);
  for (const s of [home, other]) is((await s.send('ListStateMachines')).stateMachines.length, 1);
});

const status = await server.close();
if (status !== 0) tally.fail('the end', `${status}: ${server.errors}`);
tally.close();
