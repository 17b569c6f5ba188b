/*
 * simulation_loop.c - a small simulation that logs its numbers as a Binnacle run.
 *
 *	cc simulation_loop.c $(pkg-config --cflags --libs binnacle) -lm -o simulation_loop
 *	binnacle init && ./simulation_loop && binnacle run show latest
 *	binnacle run start --watch -- ./simulation_loop 0.02
 *
 * A damped oscillator, integrated with the semi-implicit Euler method; what is logged is its
 * energy, and the error against the exact decay. Without a workspace it runs all the same.
 */
#include <binnacle.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	const double damping = 0.05, end = 40.0;
	double dt = argc > 1 ? atof(argv[1]) : 0.01, x = 1.0, v = 0.0, worst = 0.0;
	char text[32];
	if (!(dt > 0.0 && dt <= 0.1)) {
		fprintf(stderr, "usage: simulation_loop [DT]    0 < DT <= 0.1\n");
		return 2;
	}
	binnacle_options options = {0};
	options.experiment = "oscillator";
	binnacle_run *run = binnacle_run_open(&options);
	if (!run)
		fprintf(stderr, "not logged: %s\n", binnacle_last_error());
	snprintf(text, sizeof text, "%g", dt);
	binnacle_log_param(run, "dt", text);
	binnacle_log_tag(run, "code", "simulation_loop");

	long steps = lround(end / dt);
	for (long step = 0; step < steps; step++) {
		v -= dt * (x + 2.0 * damping * v);
		x += dt * v;
		double energy = 0.5 * (x * x + v * v);
		double exact = 0.5 * exp(-2.0 * damping * dt * (double)(step + 1));
		double error = fabs(energy - exact) / exact;
		worst = error > worst ? error : worst;
		binnacle_log_metric(run, "energy", energy, step);
		binnacle_log_metric(run, "relative_error", error, step);
	}
	binnacle_log_metric(run, "worst_error", worst, steps);
	printf("%ld steps, worst relative error of the energy %.4f\n", steps, worst);
	return binnacle_run_close(run, 0) == 0 ? 0 : 1;
}
