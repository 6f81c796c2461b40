/** What is shown once something has been learnt, and fetched then. */
import './advice.ts';
import './reciting.ts';
