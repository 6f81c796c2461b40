/** What is not needed to train and write: fetched once that works. */
import './components/book.ts';
import './components/charts.ts';
import './components/inside.ts';
import './components/models.ts';
import './components/runs.ts';
import './slow/desk.ts';
