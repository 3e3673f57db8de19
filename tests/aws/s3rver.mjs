// s3rver, another S3 for development: a workflow of S3 Tasks against it. (Of signatures it checks version
// 2 only: signature_peer.mjs is for that.)
import { createRequire } from 'node:module';
import { close, folder, judge, run, task } from './party.mjs';

const S3rver = createRequire(process.env.PARTY + '/package.json')('s3rver');
const server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory: `${folder}/data`, resetOnClose: true });
const { port } = await server.run();
const settings = { args: ['--route', `s3=http://127.0.0.1:${port}`], env: { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' } };
const at = { Bucket: 'bucket' };
const chain = tasks => {
    const states = {};
    tasks.forEach(([name, t], i) => states[name] = { ...t, ResultPath: `$.${name}`, ...(i + 1 < tasks.length ? { Next: tasks[i + 1][0] } : { End: true }) });
    return { StartAt: tasks[0][0], States: states };
};
const s3 = (action, parameters, more) => task(`aws-sdk:s3:${action}`, parameters, more);
const KEY = 'a b/ü+=&?#%.json';

const all = await run(chain([
    ['make', s3('createBucket', at)],
    ['put', s3('putObject', { ...at, Key: KEY, Body: { x: 1 }, ContentType: 'application/json', Metadata: { who: 'me' } })],
    ['text', s3('putObject', { ...at, Key: 'plain', Body: 'text' })],
    ['head', s3('headObject', { ...at, Key: KEY })],
    ['get', s3('getObject', { ...at, Key: KEY })],
    ['copy', s3('copyObject', { ...at, Key: 'copy', CopySource: 'bucket/plain' })],
    ['list', s3('listObjectsV2', { ...at, MaxKeys: 2 })],
    ['more', s3('listObjectsV2', { ...at, 'ContinuationToken.$': '$.list.NextContinuationToken' })],
    ['remove', s3('deleteObject', { ...at, Key: 'plain' })],
    ['batch', s3('deleteObjects', { ...at, Delete: { Objects: [{ Key: KEY }, { Key: 'copy' }] } })],
    ['empty', s3('listObjectsV2', at)],
]), settings);
judge('a day with S3 succeeds', all.status === 'SUCCEEDED', all);
const o = all.output ? JSON.parse(all.output) : {};
judge('what was put is got', o.get?.Body === '{"x":1}' && o.get?.ContentType === 'application/json' && o.get?.Metadata?.who === 'me', o.get);
judge('the head tells its size', o.head?.ContentLength === 7, o.head);
judge('a list goes on', o.list?.Contents?.length === 2 && o.more?.Contents?.length === 1, [o.list, o.more]);
judge('the keys come back as they were', [...(o.list?.Contents ?? []), ...(o.more?.Contents ?? [])].map(c => c.Key).sort().join('|') === [KEY, 'copy', 'plain'].sort().join('|'), o.list);
judge('many are deleted at once', o.batch?.Deleted?.length === 2 && !o.empty?.Contents, [o.batch, o.empty]);

const one = (action, parameters) => run({ StartAt: 'T', States: { T: s3(action, { ...at, ...parameters }, { End: true }) } }, settings);
let got = await one('getObject', { Key: 'none' });
judge('a missing key has AWS\'s error', got.error === 'S3.NoSuchKeyException' && got.cause.includes('(Service: S3, Status Code: 404'), got);
got = await one('getObject', { Bucket: 'nobucket', Key: 'none' });
judge('a missing bucket has AWS\'s error', got.error === 'S3.NoSuchBucketException', got);
await server.close();
close('s3rver');
