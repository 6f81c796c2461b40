import * as slow from '../slow.ts';
import { lay } from './lay.ts';

lay({ slow });
