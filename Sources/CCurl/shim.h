// Swift calls no function with variable arguments, so each kind of argument that is used has a
// function of its own here. The digest is that of the libcrypto that libcurl loads anyway.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <time.h>

typedef size_t (*jitgate_curl_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode jitgate_curl_set_number(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode jitgate_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode jitgate_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode jitgate_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode jitgate_curl_set_callback(CURL *handle, CURLoption option,
                                                 jitgate_curl_callback value) {
    return curl_easy_setopt(handle, option, value);
}

typedef int (*jitgate_curl_seek)(void *context, curl_off_t offset, int origin);

static inline CURLcode jitgate_curl_set_seek(CURL *handle, jitgate_curl_seek value) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}

static inline CURLcode jitgate_curl_get_number(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLMcode jitgate_curl_limit_connections(CURLM *handle, long count) {
    return curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, count);
}

// The end of the first certificate of a PEM file, in seconds since 1970; 0 if there is none.
static inline int64_t jitgate_certificate_end(const char *path) {
    struct tm end = {0};
    int64_t seconds = 0;
    BIO *file = BIO_new_file(path, "r");
    X509 *certificate = file ? PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;
    if (certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1) seconds = timegm(&end);
    X509_free(certificate);
    BIO_free(file);
    return seconds;
}
