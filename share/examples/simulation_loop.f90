! simulation_loop.f90 - simulation_loop.c in Fortran.
!
!     gfortran -c "$(pkg-config --variable=fortrandir binnacle)/binnacle.f90"
!     gfortran simulation_loop.f90 binnacle.o $(pkg-config --libs binnacle) -o simulation_loop
!     binnacle init && ./simulation_loop && binnacle run show latest
program simulation_loop
    use, intrinsic :: iso_fortran_env, only: error_unit, real64
    use binnacle
    implicit none
    real(real64), parameter :: damping = 0.05_real64, dt = 0.05_real64
    integer, parameter :: steps = 800
    type(binnacle_run) :: run
    real(real64) :: x, v, energy, exact
    integer :: step, status

    call binnacle_open(run, experiment="oscillator")
    if (.not. binnacle_is_open(run)) write (error_unit, "(a)") "not logged: "//binnacle_last_error()
    call binnacle_log_param(run, "dt", dt)
    call binnacle_log_param(run, "steps", steps)
    call binnacle_log_tag(run, "code", "simulation_loop.f90")
    x = 1
    v = 0
    do step = 0, steps - 1
        v = v - dt*(x + 2*damping*v)
        x = x + dt*v
        energy = 0.5_real64*(x*x + v*v)
        exact = 0.5_real64*exp(-2*damping*dt*real(step + 1, real64))
        call binnacle_log_metric(run, "energy", energy, step)
        call binnacle_log_metric(run, "relative_error", real(abs(energy - exact)/exact), step)
    end do
    call binnacle_close(run, status=status)
    if (status /= 0) error stop "not everything logged is on disk"
end program simulation_loop
