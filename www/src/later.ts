/** What is in sight but not needed to train and write: fetched once that works. What is out of sight: parts.ts. */
import './components/charts.ts';
import './teach/guide.ts';
import './teach/picture.ts';
import './components/models.ts';

export { Recovery } from './state/recovery.ts';
