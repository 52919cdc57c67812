# Two commands for a newcomer on a fresh machine: make demo, make test. Each does its own set-up.
.DEFAULT_GOAL := help
.PHONY: help setup build test soak demo bench clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## packages, API server, Azurite, guest image (once; then it takes a second)
	@eng/setup/all.sh

build: ## compile everything
	@dotnet build RecoveryOperator.sln

test: ## set up, compile, run all tests
	@eng/test.sh

soak: ## an hour of random runs against the model and of damaged inputs, new seeds each time (MINUTES=60)
	@eng/soak.sh

demo: ## protect a running VM, lose its host, bring it back (HYPERVISOR=images: without a hypervisor)
	@eng/demo/run.sh

bench: ## measure the product beside other tools, write docs/benchmarks.md (QUICK=1, SIZES, ROWS, ROUNDS: see eng/run/bench.sh)
	@eng/run/bench.sh

clean: ## delete build output (the cache of slow builds stays)
	@find src tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
	@rm -rf TestResults
