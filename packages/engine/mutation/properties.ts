import { configureGlobal } from "fast-check";

// Each mutant meets the same cases; as many as there is time for, and none is made smaller: nobody reads them.
configureGlobal({ seed: 1, interruptAfterTimeLimit: 200, endOnFailure: true });
