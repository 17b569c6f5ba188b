// simulation_loop.cpp - simulation_loop.c in C++: the run is closed when its owner goes out of scope.
//
//	c++ -std=c++11 simulation_loop.cpp $(pkg-config --cflags --libs binnacle) -o simulation_loop
//	binnacle init && ./simulation_loop && binnacle run show latest
#include <binnacle.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

struct close_run {
	void operator()(binnacle_run *run) const { binnacle_run_close(run, EXIT_SUCCESS); }
};

int main(int argc, char **argv)
{
	const double damping = 0.05, end = 40.0, dt = argc > 1 ? std::atof(argv[1]) : 0.01;
	if (!(dt > 0.0 && dt <= 0.1)) {
		std::cerr << "usage: simulation_loop [DT]    0 < DT <= 0.1\n";
		return 2;
	}
	binnacle_options options = binnacle_options();
	options.experiment = "oscillator";
	std::unique_ptr<binnacle_run, close_run> run(binnacle_run_open(&options));
	if (!run)
		std::cerr << "not logged: " << binnacle_last_error() << '\n';
	binnacle_log_param(run.get(), "dt", std::to_string(dt).c_str());
	binnacle_log_tag(run.get(), "code", "simulation_loop.cpp");
	double x = 1.0, v = 0.0;
	const long steps = std::lround(end / dt);
	for (long step = 0; step < steps; step++) {
		v -= dt * (x + 2.0 * damping * v);
		x += dt * v;
		const double energy = 0.5 * (x * x + v * v);
		const double exact = 0.5 * std::exp(-2.0 * damping * dt * static_cast<double>(step + 1));
		binnacle_log_metric(run.get(), "energy", energy, step);
		binnacle_log_metric(run.get(), "relative_error", std::fabs(energy - exact) / exact, step);
	}
	return binnacle_run_flush(run.get()) == 0 ? 0 : 1;
}
