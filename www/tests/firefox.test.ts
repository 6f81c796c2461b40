/** The main story in Firefox. */
import { tellStory } from './elsewhere.ts';
import { Firefox } from './firefox.ts';

tellStory('Firefox', () => Firefox.start());
