PYTHON ?= python3
VENV := .venv/bin
SETUP := @$(PYTHON) tools/environment.py

.PHONY: book fresh zip pdf test runs lab serve bench seeds calibrate mutants lock clean

book:  ## render the book from the runs that came with the course; run what has changed
	$(SETUP) && $(VENV)/python tools/build_book.py

fresh:  ## run every notebook on this machine and render the book from that
	$(SETUP) && $(VENV)/python tools/build_book.py --fresh

zip:  ## the rendered book as an archive that opens from a folder
	$(SETUP) && $(VENV)/python tools/publish.py zip

pdf:  ## the rendered book as one document, printed by Chromium
	$(SETUP) && $(VENV)/python tools/publish.py pdf

test:  ## unit tests, lints, every notebook, the rendered book
	$(SETUP) && $(VENV)/python tools/run_tests.py

runs:  ## renew the runs that come with the course, once every notebook has passed
	$(SETUP) && $(VENV)/python tools/renew_runs.py

lab:  ## work on the exercises in JupyterLab
	$(SETUP) && $(VENV)/python tools/lab.py

serve:  ## look at the rendered book on this machine
	$(SETUP) && $(VENV)/python tools/serve.py

bench:  ## run every notebook from nothing, and say where the time goes (half an hour)
	$(SETUP) && $(VENV)/python tools/bench.py

seeds:  ## every fit and notebook with other seeds: what would fail on another machine (hours)
	$(SETUP) && $(VENV)/python tools/other_seeds.py

calibrate:  ## simulate data from each model, fit them, rank the truths (three quarters of an hour)
	$(SETUP) && $(VENV)/python tools/calibrate.py

mutants:  ## break the code in small ways, a sample of them, and see whether tests notice (half an hour)
	$(SETUP) && $(VENV)/python tools/mutants.py

lock:  ## compile requirements.txt from pyproject.toml
	$(SETUP) && $(VENV)/python tools/compile_lock.py

clean:  ## remove the environment and everything that was built
	rm -rf .venv _build *.egg-info
