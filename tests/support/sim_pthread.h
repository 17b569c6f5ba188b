/* sim_pthread.h - replaces the names of pthreads in sources that are included after it: see
 * sim_threads.h. */
#ifndef TESTS_SUPPORT_SIM_PTHREAD_H
#define TESTS_SUPPORT_SIM_PTHREAD_H
#include "tests/support/sim_threads.h"

#include <pthread.h>

#define pthread_t sim_thread
#define pthread_mutex_t sim_mutex
#define pthread_cond_t sim_cond
#define pthread_create sim_create
#define pthread_join sim_join
#define pthread_mutex_init sim_mutex_init
#define pthread_mutex_destroy sim_mutex_destroy
#define pthread_mutex_lock sim_mutex_lock
#define pthread_mutex_unlock sim_mutex_unlock
#define pthread_cond_init sim_cond_init
#define pthread_cond_destroy sim_cond_destroy
#define pthread_cond_wait sim_cond_wait
#define pthread_cond_broadcast sim_cond_broadcast

#endif
