import * as reading from '../../../../pkg/reading/charloom.js';
import { lay } from './lay.ts';

lay({ reading });
