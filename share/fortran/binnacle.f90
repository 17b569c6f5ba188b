! binnacle.f90 - log a run from Fortran: a module over binnacle.h, which says what each call promises.
!
!     use binnacle
!     type(binnacle_run) :: run
!
!     call binnacle_open(run, experiment="oscillator")   ! the current run, or a new one
!     call binnacle_log_param(run, "dt", "1e-3")
!     call binnacle_log_metric(run, "energy", energy, step)
!     call binnacle_close(run)
!
! Build: gfortran -c "$(pkg-config --variable=fortrandir binnacle)/binnacle.f90"
!        gfortran sim.f90 binnacle.o $(pkg-config --libs binnacle)
!
! A run that could not be opened does nothing: binnacle_is_open tells, binnacle_last_error says why. The
! last argument of each call, status, is optional: 0, or a negative code with the message in
! binnacle_error. Texts are passed without their trailing blanks. Values are real(real32 or real64),
! steps integer(int32 or int64). Fortran 2008.
module binnacle
    use, intrinsic :: iso_c_binding
    use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
    implicit none
    private
    public :: binnacle_run, binnacle_open, binnacle_is_open, binnacle_last_error, binnacle_id
    public :: binnacle_log_metric, binnacle_log_param, binnacle_log_tag, binnacle_log_artifact
    public :: binnacle_flush, binnacle_error, binnacle_close

    type :: binnacle_run
        private
        type(c_ptr) :: handle = c_null_ptr
    end type binnacle_run

    ! binnacle_log_metric(run, key, value, step, status)
    interface binnacle_log_metric
        module procedure log_real64_int32, log_real64_int64, log_real32_int32, log_real32_int64
    end interface binnacle_log_metric

    ! binnacle_log_param(run, key, value, status): a text, an integer or a real
    interface binnacle_log_param
        module procedure param_text, param_int32, param_int64, param_real32, param_real64
    end interface binnacle_log_param

    type, bind(C) :: c_options
        type(c_ptr) :: workspace = c_null_ptr
        type(c_ptr) :: run_id = c_null_ptr
        type(c_ptr) :: name = c_null_ptr
        type(c_ptr) :: experiment = c_null_ptr
        type(c_ptr) :: title = c_null_ptr
    end type c_options

    ! A text for C that may be absent.
    type :: text_for_c
        character(kind=c_char), allocatable :: chars(:)
    end type text_for_c

    interface
        function c_run_open(options) bind(C, name="binnacle_run_open") result(run)
            import :: c_ptr, c_options
            type(c_options), intent(in) :: options
            type(c_ptr) :: run
        end function c_run_open

        function c_last_error() bind(C, name="binnacle_last_error") result(text)
            import :: c_ptr
            type(c_ptr) :: text
        end function c_last_error

        function c_run_id(run) bind(C, name="binnacle_run_id") result(text)
            import :: c_ptr
            type(c_ptr), value :: run
            type(c_ptr) :: text
        end function c_run_id

        function c_run_error(run) bind(C, name="binnacle_run_error") result(text)
            import :: c_ptr
            type(c_ptr), value :: run
            type(c_ptr) :: text
        end function c_run_error

        function c_log_metric(run, key, val, step) bind(C, name="binnacle_log_metric") result(rc)
            import :: c_ptr, c_char, c_double, c_int64_t, c_int
            type(c_ptr), value :: run
            character(kind=c_char), intent(in) :: key(*)
            real(c_double), value :: val
            integer(c_int64_t), value :: step
            integer(c_int) :: rc
        end function c_log_metric

        function c_log_param(run, key, val) bind(C, name="binnacle_log_param") result(rc)
            import :: c_ptr, c_char, c_int
            type(c_ptr), value :: run
            character(kind=c_char), intent(in) :: key(*), val(*)
            integer(c_int) :: rc
        end function c_log_param

        function c_log_tag(run, key, val) bind(C, name="binnacle_log_tag") result(rc)
            import :: c_ptr, c_char, c_int
            type(c_ptr), value :: run
            character(kind=c_char), intent(in) :: key(*), val(*)
            integer(c_int) :: rc
        end function c_log_tag

        function c_log_artifact(run, path, name) bind(C, name="binnacle_log_artifact") result(rc)
            import :: c_ptr, c_char, c_int
            type(c_ptr), value :: run, name
            character(kind=c_char), intent(in) :: path(*)
            integer(c_int) :: rc
        end function c_log_artifact

        function c_run_flush(run) bind(C, name="binnacle_run_flush") result(rc)
            import :: c_ptr, c_int
            type(c_ptr), value :: run
            integer(c_int) :: rc
        end function c_run_flush

        function c_run_close(run, exit_code) bind(C, name="binnacle_run_close") result(rc)
            import :: c_ptr, c_int
            type(c_ptr), value :: run
            integer(c_int), value :: exit_code
            integer(c_int) :: rc
        end function c_run_close

        function c_strlen(text) bind(C, name="strlen") result(n)
            import :: c_ptr, c_size_t
            type(c_ptr), value :: text
            integer(c_size_t) :: n
        end function c_strlen
    end interface
contains
    ! ---- texts ---------------------------------------------------------------------------------

    function to_c(text) result(c)
        character(len=*), intent(in) :: text
        character(kind=c_char, len=len_trim(text) + 1) :: c
        c = trim(text)//c_null_char
    end function to_c

    function from_c(text) result(f)
        type(c_ptr), intent(in) :: text
        character(len=:), allocatable :: f
        character(kind=c_char), pointer :: chars(:)
        integer :: i
        call c_f_pointer(text, chars, [c_strlen(text)])
        allocate (character(len=size(chars)) :: f)
        do i = 1, size(chars)
            f(i:i) = chars(i)
        end do
    end function from_c

    ! The address of text, stored in holder and valid as long as it; NULL for none.
    function address(text, holder) result(at)
        character(len=*), intent(in), optional :: text
        type(text_for_c), intent(inout), target :: holder
        type(c_ptr) :: at
        integer :: i, n
        at = c_null_ptr
        if (.not. present(text)) return
        n = len_trim(text)
        allocate (holder%chars(n + 1))
        do i = 1, n
            holder%chars(i) = text(i:i)
        end do
        holder%chars(n + 1) = c_null_char
        at = c_loc(holder%chars)
    end function address

    subroutine tell(rc, status)
        integer(c_int), intent(in) :: rc
        integer, intent(out), optional :: status
        if (present(status)) status = int(rc)
    end subroutine tell

    ! ---- opening and closing ---------------------------------------------------------------------

    subroutine binnacle_open(run, name, experiment, title, run_id, workspace)
        type(binnacle_run), intent(out) :: run
        character(len=*), intent(in), optional :: name, experiment, title, run_id, workspace
        type(text_for_c), target :: holders(5)
        type(c_options) :: options
        options%workspace = address(workspace, holders(1))
        options%run_id = address(run_id, holders(2))
        options%name = address(name, holders(3))
        options%experiment = address(experiment, holders(4))
        options%title = address(title, holders(5))
        run%handle = c_run_open(options)
    end subroutine binnacle_open

    logical function binnacle_is_open(run)
        type(binnacle_run), intent(in) :: run
        binnacle_is_open = c_associated(run%handle)
    end function binnacle_is_open

    ! Why the last binnacle_open of this thread failed; empty if none did.
    function binnacle_last_error() result(text)
        character(len=:), allocatable :: text
        text = from_c(c_last_error())
    end function binnacle_last_error

    ! 32 hex digits; empty if it is not open.
    function binnacle_id(run) result(text)
        type(binnacle_run), intent(in) :: run
        character(len=:), allocatable :: text
        text = from_c(c_run_id(run%handle))
    end function binnacle_id

    ! Waits until everything logged so far is on disk.
    subroutine binnacle_flush(run, status)
        type(binnacle_run), intent(in) :: run
        integer, intent(out), optional :: status
        call tell(c_run_flush(run%handle), status)
    end subroutine binnacle_flush

    ! The first failure since the last call; empty if there is none.
    function binnacle_error(run) result(text)
        type(binnacle_run), intent(in) :: run
        character(len=:), allocatable :: text
        text = from_c(c_run_error(run%handle))
    end function binnacle_error

    ! exit_code 0 (the default): FINISHED, else FAILED. The run is closed then.
    subroutine binnacle_close(run, exit_code, status)
        type(binnacle_run), intent(inout) :: run
        integer, intent(in), optional :: exit_code
        integer, intent(out), optional :: status
        integer(c_int) :: code
        code = 0
        if (present(exit_code)) code = int(exit_code, c_int)
        call tell(c_run_close(run%handle, code), status)
        run%handle = c_null_ptr
    end subroutine binnacle_close

    ! ---- logging ---------------------------------------------------------------------------------

    subroutine log_real64_int64(run, key, value, step, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key
        real(real64), intent(in) :: value
        integer(int64), intent(in) :: step
        integer, intent(out), optional :: status
        call tell(c_log_metric(run%handle, to_c(key), real(value, c_double), &
            int(step, c_int64_t)), status)
    end subroutine log_real64_int64

    subroutine log_real64_int32(run, key, value, step, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key
        real(real64), intent(in) :: value
        integer(int32), intent(in) :: step
        integer, intent(out), optional :: status
        call log_real64_int64(run, key, value, int(step, int64), status)
    end subroutine log_real64_int32

    subroutine log_real32_int64(run, key, value, step, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key
        real(real32), intent(in) :: value
        integer(int64), intent(in) :: step
        integer, intent(out), optional :: status
        call log_real64_int64(run, key, real(value, real64), step, status)
    end subroutine log_real32_int64

    subroutine log_real32_int32(run, key, value, step, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key
        real(real32), intent(in) :: value
        integer(int32), intent(in) :: step
        integer, intent(out), optional :: status
        call log_real64_int64(run, key, real(value, real64), int(step, int64), status)
    end subroutine log_real32_int32

    subroutine param_text(run, key, value, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key, value
        integer, intent(out), optional :: status
        call tell(c_log_param(run%handle, to_c(key), to_c(value)), status)
    end subroutine param_text

    subroutine param_int64(run, key, value, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key
        integer(int64), intent(in) :: value
        integer, intent(out), optional :: status
        character(len=24) :: text
        write (text, "(i0)") value
        call param_text(run, key, text, status)
    end subroutine param_int64

    subroutine param_int32(run, key, value, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key
        integer(int32), intent(in) :: value
        integer, intent(out), optional :: status
        call param_int64(run, key, int(value, int64), status)
    end subroutine param_int32

    ! The format of a real with so many digits after the first.
    function form(digits, is_moderate) result(text)
        integer, intent(in) :: digits
        logical, intent(in) :: is_moderate
        character(len=12) :: text
        write (text, "(a,i0,a,i0,a)") "(es32.", digits, "e", merge(2, 3, is_moderate), ")"
    end function form

    ! The shortest form that distinguishes the value from its neighbours.
    subroutine param_real64(run, key, value, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key
        real(real64), intent(in) :: value
        integer, intent(out), optional :: status
        character(len=32) :: text
        real(real64) :: back
        integer :: digits
        do digits = 1, 16
            write (text, form(digits, abs(value) > 1e-99_real64 .and. abs(value) < 1e99_real64)) value
            read (text, *) back
            if (back >= value .and. back <= value) exit
        end do
        call param_text(run, key, adjustl(text), status)
    end subroutine param_real64

    subroutine param_real32(run, key, value, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key
        real(real32), intent(in) :: value
        integer, intent(out), optional :: status
        character(len=32) :: text
        real(real32) :: back
        integer :: digits
        do digits = 1, 8
            write (text, form(digits, .true.)) value
            read (text, *) back
            if (back >= value .and. back <= value) exit
        end do
        call param_text(run, key, adjustl(text), status)
    end subroutine param_real32

    subroutine binnacle_log_tag(run, key, value, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: key, value
        integer, intent(out), optional :: status
        call tell(c_log_tag(run%handle, to_c(key), to_c(value)), status)
    end subroutine binnacle_log_tag

    ! Copies a file or directory into the workspace, and waits for the disk. name: default its own.
    subroutine binnacle_log_artifact(run, path, name, status)
        type(binnacle_run), intent(in) :: run
        character(len=*), intent(in) :: path
        character(len=*), intent(in), optional :: name
        integer, intent(out), optional :: status
        type(text_for_c), target :: holder
        call tell(c_log_artifact(run%handle, to_c(path), address(name, holder)), status)
    end subroutine binnacle_log_artifact
end module binnacle
