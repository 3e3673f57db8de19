// What each recording asked, call by call: the recordings keep AWS's answers and the names of the
// calls, not their parameters. A step is [operation, parameters(seen), name of AWS's answer or none].
// `seen` has the recording (`m(i)`: its i-th machine) and the answers so far by name.
const ROLE = 'arn:aws:iam::123456789012:role/sfn';
const other = (definition, comment) => JSON.stringify({ ...JSON.parse(definition), Comment: comment });

const create = (as, extra = {}, i = 0) => ['CreateStateMachine', (s) => {
  const m = s.m(i);
  return { name: m.name, definition: m.definition, type: m.type, roleArn: ROLE, ...extra };
}, as, `sm${i}`];
const machine = (s, i = 0) => s[`sm${i}`].stateMachineArn;
const version = (n) => (s) => `${machine(s)}:${n}`;
const describe = (as, arn = machine) => ['DescribeStateMachine', (s) => ({ stateMachineArn: arn(s) }), as];
const remove = (as, i = 0) => ['DeleteStateMachine', (s) => ({ stateMachineArn: machine(s, i) }), as];
const update = (as, extra) => ['UpdateStateMachine',
  (s) => ({ stateMachineArn: machine(s), ...extra(s) }), as];
const start = (as, extra = {}, arn = machine, keep = 'exec') => ['StartExecution',
  (s) => ({ stateMachineArn: arn(s), input: '{}', ...extra }), as, keep];
const ended = (keep = 'exec') => ['DescribeExecution', (s) => ({ executionArn: s[keep].executionArn }),
  undefined, undefined, (answer) => answer.body.status !== 'RUNNING'];
const described = (as, keep = 'exec') => ['DescribeExecution',
  (s) => ({ executionArn: s[keep].executionArn }), as];
const list = (as, arn = machine, extra = {}) => ['ListExecutions',
  (s) => ({ stateMachineArn: arn(s), ...extra }), as];
const alias = (as, name, routes, extra = {}) => ['CreateStateMachineAlias', (s) => ({
  name,
  routingConfiguration: routes.map(([n, weight]) =>
    ({ stateMachineVersionArn: n ? `${machine(s)}:${n}` : machine(s), weight })),
  ...extra,
}), as];
const aliasArn = (name) => (s) => `${machine(s)}:${name}`;
const aliases = (as, extra = {}, keep) => ['ListStateMachineAliases',
  (s) => ({ stateMachineArn: machine(s), ...(typeof extra === 'function' ? extra(s) : extra) }), as, keep];
const dropAlias = (as, name) => ['DeleteStateMachineAlias',
  (s) => ({ stateMachineAliasArn: aliasArn(name)(s) }), as];
const versions = (as) => ['ListStateMachineVersions', (s) => ({ stateMachineArn: machine(s) }), as];
const tag = (as, tags) => ['TagResource', (s) => ({ resourceArn: machine(s), tags }), as];
const tags = (as) => ['ListTagsForResource', (s) => ({ resourceArn: machine(s) }), as];
const untag = (as, tagKeys) => ['UntagResource', (s) => ({ resourceArn: machine(s), tagKeys }), as];
const direct = (as, i = 0) => [(s) => s.direct(i).operation, (s) => {
  const { operation, definition, ...rest } = s.direct(i);
  return { ...rest, definition: typeof definition === 'string' ? definition : JSON.stringify(definition) };
}, as];

const publish = { publish: true };
const untagCase = (keys) => [create('creation_resp_1'), tag('tag_resource_resp', [{ key: 'key1', value: 'value1' }]),
  untag('untag_resource_resp', keys), tags('list_resources_res')];
const references = [create(), describe('describe_response'), start(),
  ['DescribeStateMachineForExecution', (s) => ({ executionArn: s.exec.executionArn }),
    'describe_for_execution_response']];
const logged = (loggingConfiguration) => [create('creation_resp', { loggingConfiguration }),
  describe('describe_resp')];
const group = 'arn:aws:logs:us-east-1:123456789012:log-group:log_group_name:*';
const toGroup = (level, includeExecutionData) =>
  ({ level, includeExecutionData, destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: group } }] });
const NAME = 'state_machine_alias_name';
const three = ['0', '1', '2'].map((n) => `state_machine_alias_base_name-${n}`);
const gone = (s) => `${machine(s)}gone`;

export const steps = {
  'test_sfn_api/': {
    test_create_delete_invalid_sm: [create('invalid_definition_1')],
    test_create_duplicate_sm_name: [create('creation_resp_1'), describe('describe_resp_1'),
      create('already_exists_1', {}, 1)],
    test_create_exact_duplicate_sm: [create('creation_resp_1'), describe('describe_resp_1'),
      create('creation_resp_2', {}, 1), describe('describe_resp_2'), describe('describe_resp_1_2')],
    test_create_update_state_machine_base_role_arn: [create('creation_resp_t0'), describe('describe_resp_t0'),
      update('update_state_machine_res_t1', () => ({ roleArn: `${ROLE}1` })), describe('describe_resp_t1'),
      update('update_state_machine_res_t2', () => ({ roleArn: `${ROLE}2` })), describe('describe_resp_t2')],
    test_create_update_state_machine_same_parameters: [create('creation_resp_t0'), describe('describe_resp_t0'),
      update('update_state_machine_res_t1', () => ({ roleArn: `${ROLE}1` })), describe('describe_resp_t1'),
      update('update_state_machine_res_t2', (s) => ({ roleArn: `${ROLE}1`, definition: s.m(0).definition })),
      describe('describe_resp_t2')],
    test_delete_nonexistent_sm: [create(), ['DeleteStateMachine',
      (s) => ({ stateMachineArn: gone(s) }), 'deletion_resp_1']],
    'test_describe_execution-': [create('creation_resp'), start('exec_resp'), ended(),
      described('describe_execution')],
    test_describe_execution_no_such_state_machine: [create(), start(),
      ['DescribeExecution', (s) => ({ executionArn: `${s.exec.executionArn}gone` }), 'exception']],
    test_describe_sm_arn_containing_punctuation: [create('creation_resp'), describe('describe_resp')],
    test_describe_state_machine_for_execution: [create('creation_resp'), start('exec_resp'), ended(),
      ['DescribeStateMachineForExecution', (s) => ({ executionArn: s.exec.executionArn }), 'describe_resp']],
    test_invalid_start_execution_arn: [create('creation_resp'), remove(), ['StartExecution', (s) => ({
      stateMachineArn: machine(s).replace(':stateMachine:', ':stateMachine:statemachine_invalid_'),
    }), 'start_exec_of_deleted']],
    test_invalid_start_execution_input: [create('creation_resp'),
      start('start_exec_str_inp', { input: 'not some json' }),
      start('start_exec_not_json_inp', { input: "{'not': 'json'" }),
      start('start_res_empty', { input: '' }), start('start_res_num', { input: '2' }),
      start('start_res_str', { input: '"some text"' }), start('start_res_null', { input: 'null' })],
    test_list_execution_no_such_state_machine: [create(), list('exception', gone)],
    test_list_sms: [...[0, 1, 2].map((i) => create(`creation_resp_${i}`, {}, i)),
      ['ListStateMachines', () => ({}), 'lst_resp_filter', undefined, undefined, 'stateMachines'],
      ...[0, 1, 2].map((i) => remove(`deletion_resp_${i}`, i)),
      ['ListStateMachines', () => ({}), 'lst_resp_del_filter', undefined, undefined, 'stateMachines']],
    test_start_execution: [create('creation_resp'), start('exec_resp'), ended(), list('exec_list_resp'),
      ['GetExecutionHistory', (s) => ({ executionArn: s.exec.executionArn }), 'exec_hist_resp']],
  },
  'test_sfn_api_aliasing/': {
    test_base_create_alias_single_router_config: [create(undefined, publish),
      alias('create_state_machine_alias_response', NAME, [[1, 100]])],
    test_base_lifecycle_create_delete_list: [create(undefined, publish),
      aliases('list_state_machine_aliases_response_empty'),
      ...three.flatMap((name, i) => [
        alias(`create_state_machine_alias_response_num_${i}`, name, [[1, 100]]),
        aliases(`list_state_machine_aliases_response_after_creation_${i}`)]),
      ...three.flatMap((name, i) => [dropAlias(`delete_state_machine_alias_response_${i}`, name),
        aliases(`list_state_machine_aliases_response_after_deletion_${i}`)])],
    test_base_lifecycle_create_invoke_describe_list: [create(undefined, publish),
      aliases('list_state_machine_aliases_response_empty'),
      alias('create_state_machine_alias_response', NAME, [[1, 100]]),
      start('start_execution_response_through_alias', {}, aliasArn(NAME), 'one'), ended('one'),
      described('describe_execution_response_through_alias', 'one'),
      start('start_execution_response_through_version_arn', {}, version(1), 'two'), ended('two'),
      described('describe_execution_response_through_version_arn', 'two'), list('list_executions_response')],
    test_delete_version_with_alias: [create(undefined, publish),
      alias('create_state_machine_alias_response', NAME, [[1, 100]],
        { description: 'create state machine alias description' }),
      ['DeleteStateMachineVersion', (s) => ({ stateMachineVersionArn: version(1)(s) }),
        'exception_delete_version_with_alias_reference'],
      update(undefined, (s) => ({ definition: other(s.m(0).definition, 'v1'), publish: true })),
      ['UpdateStateMachineAlias', (s) => ({ stateMachineAliasArn: aliasArn(NAME)(s),
        routingConfiguration: [{ stateMachineVersionArn: version(2)(s), weight: 100 }] })],
      ['DescribeStateMachineAlias', (s) => ({ stateMachineAliasArn: aliasArn(NAME)(s) }),
        'describe_state_machine_alias_response'],
      ['DeleteStateMachineVersion', (s) => ({ stateMachineVersionArn: version(1)(s) }),
        'delete_version_response']],
    test_error_create_alias_invalid_router_configs: [create(undefined, publish),
      ...[0, 1].map((n) => update(undefined, (s) =>
        ({ definition: other(s.m(0).definition, `v${n}`), publish: true }))),
      alias('no_routing', NAME, []), alias('too_many_routing', NAME, [[1, 50], [2, 30], [3, 20]]),
      alias('duplicate_routing', NAME, [[1, 50], [1, 50]]), alias('invalid_arn', NAME, [[0, 50], [2, 50]]),
      alias('weight_too_large', NAME, [[1, 101]]), alias('weight_too_small', NAME, [[1, -1]]),
      alias('sum_weights_less_than_100', NAME, [[1, 70], [2, 29]]),
      alias('sum_weights_more_than_100', NAME, [[1, 70], [2, 31]])],
    test_error_create_alias_with_state_machine_arn: [create(undefined, publish),
      alias('exception', NAME, [[0, 100]])],
    test_idempotent_create_alias: [create(undefined, publish),
      alias('create_state_machine_alias_response_attempt_0', NAME, [[1, 100]]),
      alias('create_state_machine_alias_response_attempt_1', NAME, [[1, 100]]),
      alias('create_state_machine_alias_response_different_name', `${NAME}-second`, [[1, 100]]),
      aliases('list_state_machine_aliases_response')],
    test_list_state_machine_aliases_pagination_invalid_next_token: [create(undefined, publish),
      alias('create_state_machine_alias_response', NAME, [[1, 100]]),
      aliases('invalidTokenException', { nextToken: 'InvalidToken' })],
    test_list_state_machine_aliases_pagination_max_results_1: [create(undefined, publish),
      ...[1, 2, 3].map((n) => alias(`create_state_machine_alias_response-${n}`, `AliasName-${n}`, [[1, 100]])),
      aliases('list_state_machine_aliases_max_results_-1_response', { maxResults: -1 }),
      aliases('list_state_machine_aliases_max_results_1001_response', { maxResults: 1001 }),
      aliases('list_state_machine_aliases_max_results_1_response', { maxResults: 1 }, 'page'),
      aliases('list_state_machine_aliases_next_token_response', (s) => ({ nextToken: s.page.nextToken }))],
  },
  'test_sfn_api_express/': {
    test_create_describe_delete: [create('creation_response'), describe('describe_response'),
      remove('deletion_response')],
    test_illegal_callbacks: [create('creation_error')],
    test_start_sync_execution: [create('creation_response'), ['StartSyncExecution',
      (s) => ({ stateMachineArn: machine(s), input: '{}' }), 'start_execution_sync_response']],
  },
  'test_sfn_api_logs/': {
    test_incomplete_logging_configuration: logged({}),
    test_invalid_logging_configuration: [create('exception', { loggingConfiguration: { level: 'ALL' } })],
    'test_logging_configuration_FATAL-False': logged(toGroup('FATAL', false)),
    'test_logging_configuration_OFF-False': logged(toGroup('OFF', false)),
    'test_logging_configuration_OFF-True': logged(toGroup('OFF', true)),
  },
  'test_sfn_api_tagging/': {
    test_tag_invalid_state_machine_tag_list1: [create('creation_resp_1'), tag('error', [{ key: '', value: 'v' }])],
    test_tag_invalid_state_machine_tag_list2: [create('creation_resp_1'), tag('error', [{ key: 1, value: 'v' }])],
    test_tag_state_machine_tag_list1: [create('creation_resp_1'),
      tag('tag_resource_resp', [{ key: 'key1', value: 'value1' }]), tags('list_resources_res')],
    test_tag_state_machine_tag_list2: [create('creation_resp_1'),
      tag('tag_resource_resp', [{ key: 'key1', value: '' }]), tags('list_resources_res')],
    test_untag_state_machine_tag_keys0: untagCase([]),
    test_untag_state_machine_tag_keys1: untagCase(['key1']),
    test_untag_state_machine_tag_keys2: untagCase(['key1', 'key2']),
  },
  'test_sfn_api_validation/': { test_: [direct('validation_response')] },
  'test_sfn_api_variable_references/': {
    test_base_variable_references_in_assign_templates: references,
    test_base_variable_references_in_jsonata_template: [create(), describe('describe_response')],
  },
  'test_sfn_api_versioning/': {
    test_create_with_version_description_no_publish: [create('validation_exception',
      { versionDescription: 'HelloWorld!' })],
    test_empty_revision_with_publish: [create('creation_resp_1', publish),
      ...[1, 2].map((n) => update(`update_resp_${n}`, (s) => ({ definition: s.m(0).definition, publish: true })))],
    test_idempotent_publish: [create('creation_resp_1'),
      ...[1, 2].map((n) => ['PublishStateMachineVersion', (s) => ({ stateMachineArn: machine(s) }),
        `publish_v1_${n}`]), versions('list_versions_resp')],
    test_list_delete_version: [create('creation_resp_1', publish), describe('describe_resp_version', version(1)),
      versions('list_versions_resp_1'),
      ['DeleteStateMachineVersion', (s) => ({ stateMachineVersionArn: version(1)(s) }), 'delete_version_resp'],
      versions('list_versions_resp_2'), ['DeleteStateMachineVersion',
        (s) => ({ stateMachineVersionArn: version(1)(s) }), 'delete_version_resp_after_del']],
    test_publish_state_machine_version_no_such_machine: [create(), ['PublishStateMachineVersion',
      (s) => ({ stateMachineArn: gone(s) }), 'exception']],
    test_start_version_execution: [create('creation_resp_1', publish), start('execution_resp', {}, machine, 'one'),
      ended('one'), list('exec_list_resp'), start('execution_version_resp', {}, version(1), 'two'), ended('two'),
      list('exec_version_list_resp', version(1))],
  },
};
