PYTHON ?= python3
VENV := .venv/bin
SETUP := @$(PYTHON) tools/environment.py

.PHONY: book test lab serve bench lock clean

book:  ## run every notebook and render the book
	$(SETUP) && $(VENV)/python tools/build_book.py

test:  ## unit tests, lints, every notebook, the rendered book
	$(SETUP) && $(VENV)/python tools/run_tests.py

lab:  ## work on the exercises in JupyterLab
	$(SETUP) && $(VENV)/python tools/lab.py

serve:  ## look at the rendered book on this machine
	$(SETUP) && $(VENV)/python -m http.server --directory _build/html --bind 127.0.0.1 8000

bench:  ## time every notebook from nothing, slowest cells first
	$(SETUP) && $(VENV)/python tools/build_book.py --cold --slowest 10

lock:  ## compile requirements.txt from pyproject.toml
	$(SETUP) && $(VENV)/python tools/compile_lock.py

clean:  ## remove the environment and everything that was built
	rm -rf .venv _build *.egg-info
