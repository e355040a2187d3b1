"""What one chapter teaches, as code to read: each module is one idea.

`mcmc` (Metropolis-Hastings, HMC and NUTS), `laplace`, `linear` (exact posteriors of linear models), `scores`
(WAIC, LOO and their differences), `sbc` (ranks of known truths) and `scorecard` (is Bayes worth it here?).
"""
