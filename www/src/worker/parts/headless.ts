import { ClassifierHost } from '../../headless/classifierhost.ts';
import { Host } from '../../headless/host.ts';
import { lay } from './lay.ts';

lay({ headless: { Host, ClassifierHost } });
