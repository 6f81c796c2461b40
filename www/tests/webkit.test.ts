/** The main story in WebKit, which is in a window of its own here: nothing that it keeps outlasts it. */
import { test } from 'node:test';
import { tellStory } from './elsewhere.ts';
import { WebKit } from './webkit.ts';

if (process.platform === 'linux') tellStory('WebKit', () => WebKit.start());
else test('WebKit', { skip: 'WebKitGTK is for Linux' }, () => undefined);
