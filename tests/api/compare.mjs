// An answer of AWS as it was recorded against ours. Strict but for the recorder's marks (each stands for
// one text throughout a case), its words for times, and members that AWS added after the recording.
import { ACCOUNT } from './client.mjs';

const NEWER = new Set(['encryptionConfiguration', 'redriveCount', 'RedriveCount', 'RedriveStatus',
  'RedriveStatusReason']); // the redrive members are shown in recordings of 2025

const NUMBER = /^\d+(\.\d+)?$/, ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const WORDS = { datetime: NUMBER, timestamp: NUMBER, 'start-date': NUMBER, 'stop-date': NUMBER,
  'start-time': ISO, 'entered-time': ISO, date: /^\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT$/ };
const MARK = new RegExp(['<[^<>]+>', ...['snf_role_arn(?:_t\\d)?', 'sfn_role_arn', 'ssm_nonexistent_arn',
  'invalid_execution_arn', 'activity_arn', 'sqs_queue_url', 'a_task_token', 'a_message_id'].map((w) => `\\b${w}\\b`)].join('|'), 'g');
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

// A text with marks: each stands for one text throughout a case.
function textFits(expected, given, marks) {
  let last = 0, pattern = '^';
  const named = [];
  for (const m of expected.matchAll(MARK)) {
    pattern += escaped(expected.slice(last, m.index));
    last = m.index + m[0].length;
    if (marks.has(m[0])) pattern += escaped(marks.get(m[0]));
    else if (named.includes(m[0])) pattern += `\\${named.indexOf(m[0]) + 1}`;
    else { named.push(m[0]); pattern += '(.+?)'; }
  }
  const found = new RegExp(`${pattern}${escaped(expected.slice(last))}$`, 's').exec(given);
  if (found) named.forEach((mark, i) => marks.set(mark, found[i + 1]));
  return found !== null;
}

// "" or where and how they differ.
export function differs(expected, given, marks, where = '') {
  if (typeof expected === 'string' && WORDS[expected])
    return WORDS[expected].test(String(given)) ? '' : `${where}: ${given} is no time`;
  if (typeof given === 'string' && typeof expected !== 'string') {
    try { given = JSON.parse(given); } catch { return `${where}: ${given} is no JSON text`; }
  }
  if (typeof expected === 'string' && typeof given === 'string') {
    const text = expected.replaceAll('111111111111', ACCOUNT).replace(/<<(\w+)>:(\d+)>/g, '<$1:$2>');
    return textFits(text, given, marks) ? '' : `${where}: expected ${text}, got ${given}`;
  }
  if (expected === null || given === null || typeof expected !== 'object' || typeof given !== 'object')
    return expected === given ? '' : `${where}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(given)}`;
  if (Array.isArray(expected) && expected.length !== given.length)
    return `${where}: ${expected.length} elements expected, got ${JSON.stringify(given)}`;
  for (const key of Object.keys(expected)) {
    if (!(key in given)) return `${where}/${key}: missing`;
    const why = differs(expected[key], given[key], marks, `${where}/${key}`);
    if (why) return why;
  }
  const extra = Object.keys(given).find((key) => !(key in expected) && !NEWER.has(key));
  return extra ? `${where}/${extra}: not expected (${JSON.stringify(given[extra])})` : '';
}
