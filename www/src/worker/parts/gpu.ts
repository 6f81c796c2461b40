import * as gpu from '../../../../pkg/webgpu/charloom.js';
import { lay } from './lay.ts';

lay({ gpu });
