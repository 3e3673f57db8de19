// Sentences of AWS's API reference and knowledge center, each held against the server as a client sees it.
import { ACCOUNT, Server, Tally } from './client.mjs';

const tally = new Tally('sentences');
const json = JSON.stringify;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/sfn`;
const is = (what, given, expected) => (json(given) === json(expected) ? tally.pass() : tally.fail(what, `${json(given)}, not ${json(expected)}`));
const define = (States) => json({ StartAt: Object.keys(States)[0], States });
const server = await new Server().start();

async function call(operation, parameters, headers = {}) {
  const answer = await server.raw('POST', '/', { 'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': `AWSStepFunctions.${operation}`, ...headers }, json(parameters));
  const body = JSON.parse(answer.body);
  return answer.status === 200 ? body : `${body.__type}: ${body.message}`;
}
const create = async (name, definition, more = {}) => (await call('CreateStateMachine', { name, definition, roleArn: ROLE, ...more })).stateMachineArn;
async function ended(executionArn) {
  for (;;) {
    const d = await call('DescribeExecution', { executionArn });
    if (d.status !== 'RUNNING') return d;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}
const types = async (executionArn) => (await call('GetExecutionHistory', { executionArn })).events.map((e) => e.type);

// ---- X-Amzn-Trace-Id: "If both sources are provided, Step Functions will use the header value" ----
{
  const stateMachineArn = await create('traced', define({ P: { Type: 'Pass', End: true } }));
  const express = await create('traced-express', define({ P: { Type: 'Pass', End: true } }), { type: 'EXPRESS' });
  const traced = async (name, traceHeader, header) => {
    const headers = header === undefined ? {} : { 'X-Amzn-Trace-Id': header };
    const { executionArn } = await call('StartExecution', { stateMachineArn, name, traceHeader }, headers);
    const sync = await call('StartSyncExecution', { stateMachineArn: express, traceHeader }, headers);
    return [(await ended(executionArn)).traceHeader, sync.traceHeader];
  };
  is('a trace in the body', await traced('a', 'Root=1-b'), ['Root=1-b', 'Root=1-b']);
  is('a trace in the head', await traced('b', undefined, 'Root=1-h'), ['Root=1-h', 'Root=1-h']);
  is('the head before the body', await traced('c', 'Root=1-b', 'Root=1-h'), ['Root=1-h', 'Root=1-h']);
  is('a head that is no trace', await traced('d', 'Root=1-b', 'x'.repeat(257)), ['Root=1-b', 'Root=1-b']);
  is('operations without a trace', (await call('ListStateMachines', {}, { 'X-Amzn-Trace-Id': 'Root=1-h' })).stateMachines.length, 2);
}

// ---- DeleteStateMachine: "On the next state transition, the state machine's executions are terminated." ----
// "executions fail with ...: States.Runtime, State machine testing-delete has been deleted."
{
  const ACTIVITY = (await call('CreateActivity', { name: 'work' })).activityArn;
  const cause = (name) => `State machine ${name} has been deleted.`;
  // Each waits for the activity; when it is done, the machine is being deleted.
  async function deleted(name, definition) {
    const stateMachineArn = await create(name, definition);
    const { executionArn } = await call('StartExecution', { stateMachineArn, name: 'x' });
    const { taskToken } = await call('GetActivityTask', { activityArn: ACTIVITY });
    await call('DeleteStateMachine', { stateMachineArn });
    const now = (await call('DescribeStateMachine', { stateMachineArn })).status;
    await call('SendTaskSuccess', { taskToken, output: '{}' });
    const d = await ended(executionArn);
    const h = await types(executionArn);
    return [now, d.status, d.error, d.cause, h.at(-2), h.at(-1),
      (await call('DescribeStateMachine', { stateMachineArn })).split(':')[0]];
  }
  const task = { Type: 'Task', Resource: ACTIVITY }, catches = [{ ErrorEquals: ['States.ALL'], Next: 'Z' }], retries = [{ ErrorEquals: ['States.ALL'] }];
  is('the next state is not entered', await deleted('going', define({ A: { ...task, Next: 'Z', Catch: catches, Retry: retries }, Z: { Type: 'Succeed' } })),
    ['DELETING', 'FAILED', 'States.Runtime', cause('going'), 'TaskStateExited', 'ExecutionFailed', 'StateMachineDoesNotExist']);
  is('without a next state it ends as it would', await deleted('last', define({ A: { ...task, End: true } })),
    ['DELETING', 'SUCCEEDED', undefined, undefined, 'TaskStateExited', 'ExecutionSucceeded', 'StateMachineDoesNotExist']);
  is('nor one in a branch, whose Parallel would catch', await deleted('branches', define({ P: { Type: 'Parallel', Next: 'Z', Catch: catches,
    Branches: [{ StartAt: 'A', States: { A: { ...task, Next: 'B' }, B: { Type: 'Pass', End: true } } },
      { StartAt: 'W', States: { W: { Type: 'Task', Resource: `${ACTIVITY}`, End: true } } }] }, Z: { Type: 'Succeed' } })),
  ['DELETING', 'FAILED', 'States.Runtime', cause('branches'), 'TaskStateExited', 'ExecutionFailed', 'StateMachineDoesNotExist']);

  // Over a kill: the machine is still being deleted then.
  const stateMachineArn = await create('killed', define({ A: { ...task, Next: 'Z' }, Z: { Type: 'Succeed' } }));
  const { executionArn } = await call('StartExecution', { stateMachineArn, name: 'x' });
  let taskToken;
  while (!taskToken) ({ taskToken } = await call('GetActivityTask', { activityArn: ACTIVITY }));
  await call('DeleteStateMachine', { stateMachineArn });
  await server.stop('SIGKILL');
  await server.start();
  await call('SendTaskSuccess', { taskToken, output: '{}' });
  const d = await ended(executionArn);
  is('over a kill', [d.status, d.cause], ['FAILED', cause('killed')]);
}

// ---- input, output: "Length constraints apply to the payload size, and are expressed as bytes in UTF-8 encoding." ----
{
  const FITS = `"${'\u00fc'.repeat(131071)}"`, MORE = `"${'\u00fc'.repeat(131072)}"`;
  const refusal = (member) => `ValidationException: 1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to 262144`;
  const pass = define({ P: { Type: 'Pass', End: true } });
  const stateMachineArn = await create('bytes', pass), express = await create('bytes-express', pass, { type: 'EXPRESS' });
  is('StartExecution, more', await call('StartExecution', { stateMachineArn, input: MORE }), refusal('input'));
  is('StartExecution, as much', typeof (await call('StartExecution', { stateMachineArn, input: FITS })), 'object');
  is('StartSyncExecution', await call('StartSyncExecution', { stateMachineArn: express, input: MORE }), refusal('input'));
  is('SendTaskSuccess', await call('SendTaskSuccess', { taskToken: 't', output: MORE }), refusal('output'));
  is('TestState', await call('TestState', { definition: json({ Type: 'Pass', End: true }), input: MORE }), refusal('input'));
}

// ---- TestState ----
{
  const definition = json({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Parameters: { FunctionName: 'f' }, End: true });
  const wait = json({ Type: 'Wait', Seconds: 1, End: true });
  // context: "This field may only be specified if a mock is specified in the same request."
  is('a context without a mock', await call('TestState', { definition: wait, context: '{}' }), 'ValidationException: TestState does not support Context when a mock is not specified.');
  is('a context with a mock', (await call('TestState', { definition, context: '{}', mock: { result: '{}' } })).status, 'SUCCEEDED');
  // error: "This field is required if mock.errorOutput is specified."
  is('a mocked cause alone', await call('TestState', { definition, mock: { errorOutput: { cause: 'c' } } }), "ValidationException: The 'error' of a mock's errorOutput must be specified");
}

// ---- aliases: "an alias ... points to one or two versions of the same state machine" ----
{
  const pass = define({ P: { Type: 'Pass', End: true } });
  const versions = await Promise.all(['one', 'other'].map(async (n) => `${await create(n, pass, { publish: true })}:1`));
  const route = (arn) => [{ stateMachineVersionArn: arn, weight: 100 }];
  const { stateMachineAliasArn } = await call('CreateStateMachineAlias', { name: 'live', routingConfiguration: route(versions[0]) });
  is("another machine's version", (await call('UpdateStateMachineAlias', { stateMachineAliasArn, routingConfiguration: route(versions[1]) })).split(':')[0], 'ValidationException');
  is('its own', typeof (await call('UpdateStateMachineAlias', { stateMachineAliasArn, routingConfiguration: route(versions[0]) })), 'object');
}

// ---- tags: a key stands once ----
{
  const twice = [{ key: 'k', value: '1' }, { key: 'l', value: '2' }, { key: 'k', value: '3' }], once = [{ key: 'k', value: '3' }, { key: 'l', value: '2' }];
  const { activityArn } = await call('CreateActivity', { name: 'twice', tags: twice });
  const machine = await create('twice', define({ P: { Type: 'Pass', End: true } }), { tags: twice });
  for (const resourceArn of [activityArn, machine]) is('a tag given twice', (await call('ListTagsForResource', { resourceArn })).tags, once);
}

// ---- EventBridge Scheduler ----
{
  const machine = await create('scheduled', define({ P: { Type: 'Pass', End: true } }));
  const on = (one) => async (method, path, body) => {
    const answer = await one.raw(method, path, { 'Content-Type': 'application/json',
      Authorization: 'AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/scheduler/aws4_request, SignedHeaders=host, Signature=00' },
    body === undefined ? '' : json(body));
    return { status: answer.status, type: answer.headers['x-amzn-errortype'], ...JSON.parse(answer.body) };
  };
  const scheduler = on(server);
  const wish = { ScheduleExpression: 'cron(0 0 1 1 ? 2199)', FlexibleTimeWindow: { Mode: 'OFF' }, Target: { Arn: machine, RoleArn: ROLE } };
  const count = async (one) => (await one.call('ListExecutions', { stateMachineArn: machine })).body.executions.length;
  const until = async (what, holds) => {
    for (let i = 0; i < 2000 && !(await holds()); i++) await new Promise((resolve) => { setTimeout(resolve, 5); });
    is(what, await holds(), true);
  };
  for (const Name of ['s1', 's2', 't1']) await scheduler('POST', `/schedules/${Name}`, { ...wish, ClientToken: `token-${Name}` });
  // Statuses and the head of errors, as the model has them.
  const bare = (a) => [a.status, a.type];
  is('not there', bare(await scheduler('GET', '/schedules/none')), [404, 'ResourceNotFoundException']);
  is('there already', bare(await scheduler('POST', '/schedules/s1', wish)), [409, 'ConflictException']);
  is('wrong', bare(await scheduler('POST', '/schedules/s9', { ...wish, ScheduleExpression: 'often' })), [400, 'ValidationException']);
  // ClientToken: "to ensure the idempotency of the request"
  is('sent again', (await scheduler('POST', '/schedules/s1', { ...wish, ClientToken: 'token-s1' })).ScheduleArn, 'arn:aws:scheduler:us-east-1:123456789012:schedule/default/s1');
  // What was not given is shown as it is taken.
  const got = await scheduler('GET', '/schedules/s1');
  is('defaults', [got.ScheduleExpressionTimezone, got.ActionAfterCompletion, got.Target.RetryPolicy, got.ClientToken],
    ['UTC', 'NONE', { MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185 }, undefined]);
  // ListSchedules: pages, prefix, state, group.
  const names = (a) => a.Schedules.map((s) => s.Name);
  const first = await scheduler('GET', '/schedules?MaxResults=2');
  is('a page', names(first), ['s1', 's2']);
  const second = await scheduler('GET', `/schedules?MaxResults=2&NextToken=${encodeURIComponent(first.NextToken)}`);
  is('the next page', [names(second), second.NextToken], [['t1'], undefined]);
  is('a token that is none', (await scheduler('GET', '/schedules?NextToken=x')).status, 400);
  is('a page of none', (await scheduler('GET', '/schedules?MaxResults=0')).status, 400);
  is('a prefix', names(await scheduler('GET', '/schedules?NamePrefix=s')), ['s1', 's2']);
  is('a state', names(await scheduler('GET', '/schedules?State=DISABLED')), []);
  is('a group', bare(await scheduler('GET', '/schedules?ScheduleGroup=mine')), [404, 'ResourceNotFoundException']);

  // Groups: a name comes again in another; "deletes the specified schedule group", with its schedules; tags.
  is('into no group', bare(await scheduler('POST', '/schedules/s1', { ...wish, GroupName: 'mine' })), [404, 'ResourceNotFoundException']);
  const group = await scheduler('POST', '/schedule-groups/mine', { ClientToken: 'g', Tags: [{ Key: 'a', Value: '1' }] });
  is('a group is made', group.ScheduleGroupArn, `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule-group/mine`);
  is('again, by its token', (await scheduler('POST', '/schedule-groups/mine', { ClientToken: 'g' })).status, 200);
  is('again, by another', bare(await scheduler('POST', '/schedule-groups/mine', { ClientToken: 'h' })), [409, 'ConflictException']);
  is('the default one is there', bare(await scheduler('POST', '/schedule-groups/default', {})), [409, 'ConflictException']);
  is('in a group', (await scheduler('POST', '/schedules/s1', { ...wish, GroupName: 'mine' })).ScheduleArn, `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule/mine/s1`);
  is('of a group', [names(await scheduler('GET', '/schedules?ScheduleGroup=mine')), (await scheduler('GET', '/schedules/s1?groupName=mine')).GroupName,
    (await scheduler('GET', '/schedules/s1')).GroupName], [['s1'], 'mine', 'default']);
  is('pages of groups', [...(await scheduler('GET', '/schedules?MaxResults=3')).Schedules, ...(await scheduler('GET',
    `/schedules?NextToken=${encodeURIComponent((await scheduler('GET', '/schedules?MaxResults=3')).NextToken)}`)).Schedules].map((s) => `${s.GroupName}/${s.Name}`),
  ['default/s1', 'default/s2', 'default/t1', 'mine/s1']);
  const groups = async (query) => (await scheduler('GET', `/schedule-groups${query}`)).ScheduleGroups.map((g) => g.Name);
  is('groups', [await groups(''), await groups('?NamePrefix=m'), await groups('?MaxResults=1')], [['default', 'mine'], ['mine'], ['default']]);
  const tags = `/tags/${encodeURIComponent(group.ScheduleGroupArn)}`;
  await scheduler('POST', tags, { Tags: [{ Key: 'a', Value: '2' }, { Key: 'b', Value: '3' }, { Key: 'c', Value: '4' }] });
  await scheduler('DELETE', `${tags}?TagKeys=b&TagKeys=c`);
  is('tags of a group', (await scheduler('GET', tags)).Tags, [{ Key: 'a', Value: '2' }]);
  is('of none', bare(await scheduler('GET', `${tags}2`)), [404, 'ResourceNotFoundException']);
  await server.stop('SIGKILL');
  await server.start();
  is('groups are kept', await groups(''), ['default', 'mine']);
  is('the default one stays', (await scheduler('DELETE', '/schedule-groups/default')).status, 400);
  await scheduler('DELETE', '/schedule-groups/mine');
  is('a group goes', [await groups(''), names(await scheduler('GET', '/schedules'))], [['default'], ['s1', 's2', 't1']]);
  await new Promise((resolve) => { setTimeout(resolve, 10); }); // another moment
  await scheduler('PUT', '/schedules/t1', { ...wish, State: 'DISABLED' });
  is('a state it has now', names(await scheduler('GET', '/schedules?State=DISABLED')), ['t1']);
  const changed = await scheduler('GET', '/schedules/t1');
  is('changed after it was made', changed.LastModificationDate > changed.CreationDate, true);

  // "If you do not provide a StartDate for a rate-based schedule, your schedule starts invoking ... immediately."
  await scheduler('POST', '/schedules/rate', { ...wish, ScheduleExpression: 'rate(9999 days)', ActionAfterCompletion: 'DELETE' });
  await until('a rate starts at once', async () => await count(server) === 1);
  is('and goes on', (await scheduler('GET', '/schedules/rate')).status, 200);

  // "EventBridge Scheduler ignores StartDate for one-time schedules", and EndDate; ActionAfterCompletion DELETE.
  const skips = await new Server(['--time', 'skip']).start(); // two minutes in no time
  await skips.call('CreateStateMachine', { name: 'scheduled', definition: define({ P: { Type: 'Pass', End: true } }), roleArn: ROLE });
  const soon = new Date(changed.LastModificationDate * 1000 + 120000).toISOString().slice(0, 19);
  await on(skips)('POST', '/schedules/once', { ...wish, ScheduleExpression: `at(${soon})`, ActionAfterCompletion: 'DELETE', StartDate: 4102444800, EndDate: 1 });
  await until('a one-time schedule', async () => await count(skips) === 1);
  await until('is deleted when it is done', async () => (await on(skips)('GET', '/schedules/once')).status === 404);
  await skips.close();
}

// ---- EventBridge's rules ----
{
  const machine = await create('ruled', define({ P: { Type: 'Pass', End: true } }));
  const events = async (operation, parameters) => {
    const answer = await server.raw('POST', '/', { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': `AWSEvents.${operation}` }, json(parameters));
    return JSON.parse(answer.body);
  };
  await events('PutRule', { Name: 'r', ScheduleExpression: 'rate(9999 days)' });
  is('who made a rule', (await events('DescribeRule', { Name: 'r' })).CreatedBy, ACCOUNT);
  const targets = (n) => Array.from({ length: n }, (_, i) => ({ Id: `t${i}`, Arn: machine, RoleArn: ROLE }));
  is('six targets', (await events('PutTargets', { Rule: 'r', Targets: targets(6) })).__type, 'LimitExceededException');
  is('five', (await events('PutTargets', { Rule: 'r', Targets: targets(5) })).FailedEntryCount, 0);
  is('five again', (await events('PutTargets', { Rule: 'r', Targets: targets(5) })).FailedEntryCount, 0);
  // Tags: of rules that are schedules and of rules with patterns.
  const arn = (name) => `arn:aws:events:us-east-1:${ACCOUNT}:rule/${name}`;
  await events('PutRule', { Name: 'tagged', ScheduleExpression: 'rate(9999 days)', Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] });
  await events('PutRule', { Name: 'tagged', ScheduleExpression: 'rate(9999 days)', Tags: [{ Key: 'x', Value: '9' }] });
  await events('PutRule', { Name: 'pattern', EventPattern: '{"source":["s"]}' });
  await events('TagResource', { ResourceARN: arn('tagged'), Tags: [{ Key: 'a', Value: '3' }] });
  await events('TagResource', { ResourceARN: arn('pattern'), Tags: [{ Key: 'p', Value: '4' }] });
  await events('UntagResource', { ResourceARN: arn('tagged'), TagKeys: ['b', 'c'] });
  const tags = async (name) => (await events('ListTagsForResource', { ResourceARN: arn(name) }));
  is('tags of rules', [(await tags('tagged')).Tags, (await tags('pattern')).Tags, (await tags('r')).Tags, (await tags('none')).__type],
    [[{ Key: 'a', Value: '3' }], [{ Key: 'p', Value: '4' }], [], 'ResourceNotFoundException']);
  await events('DeleteRule', { Name: 'tagged' });
  await events('PutRule', { Name: 'tagged', ScheduleExpression: 'rate(9999 days)' });
  is('a rule takes its tags with it', (await tags('tagged')).Tags, []);
  is('at is no rule', (await events('PutRule', { Name: 'q', ScheduleExpression: 'at(2199-01-01T00:00:00)' })).__type, 'ValidationException');
}

await server.close();
tally.close();
