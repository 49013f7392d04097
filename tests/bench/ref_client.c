/* The least a client can do: connect, write one line, read one line, print the code.
 * Usage: ref_client SOCKET QUERY (a query without quotes or backslashes). */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char line[4096];
    size_t have = 0;

    if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path)
        return 2;
    strcpy(address.sun_path, argv[1]);
    int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer < 0 || connect(peer, (struct sockaddr *)&address, sizeof address) < 0)
        return 7;
    int length = snprintf(line, sizeof line,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"get\",\"params\":{\"query\":\"%s\"}}\n", argv[2]);
    if (length < 0 || (size_t)length >= sizeof line || write(peer, line, length) != length)
        return 1;
    for (;;) {
        ssize_t got = read(peer, line + have, sizeof line - 1 - have);
        if (got <= 0)
            return 1;
        have += got;
        line[have] = 0;
        if (strchr(line, '\n'))
            break;
    }
    char *code = strstr(line, "\"code\":\"");
    char *end = code ? strchr(code + 8, '"') : NULL;
    if (!end)
        return 1;
    *end = '\n';
    code += 8;
    length = end + 1 - code;
    return write(STDOUT_FILENO, code, length) == length ? 0 : 1;
}
