import * as headless from '../../headless/host.ts';
import { lay } from './lay.ts';

lay({ headless });
